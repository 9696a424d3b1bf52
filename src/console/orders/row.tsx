import { useEffect, useState } from "preact/hooks";
import { SUMS } from "../../domain/ledger-state.ts";
import { MONEY_WARNINGS, type Warning } from "../../domain/warnings.ts";
import { api, unwrap, type Order, type Timeline } from "../api.ts";
import { DISAGREES } from "../transactions/disagreement.ts";
import { reconcile } from "./card.tsx";
import { money, plural } from "../format.ts";
import { followLink, hrefOf } from "../location.ts";
import { explain } from "../parts/tags.tsx";
import { Money, Time } from "../parts/values.tsx";

/** The part of an order's history that a row shows. */
interface History {
  timeline: Timeline;
  /** False if the card and order events disagree. */
  agrees: boolean;
}

/** The loaded histories, by the ID of the order. */
export type HistoryCache = Map<string, History & { revision: number }>;

interface RowProps {
  order: Order;
  isOpen: boolean;
  query: URLSearchParams;
  revision: number;
  cache: HistoryCache;
}

export function Row({ order, isOpen, query, revision, cache }: RowProps) {
  const { id, partner_order_id, total_order_amount, currency, created_at } = order;
  const history = useHistory(id, revision, cache);
  return (
    <a
      class="line order"
      href={hrefOf("orders", id, query)}
      aria-current={isOpen || undefined}
      onClick={followLink}
    >
      <span class="what">
        <b>{id}</b> <small class="quiet">{partner_order_id}</small>
      </span>
      <span class="marks">{history && <Badges {...history} />}</span>
      {history ? <Bar timeline={history.timeline} currency={currency} /> : <span />}
      <Money amount={total_order_amount} currency={currency} />
      <Time at={created_at} />
    </a>
  );
}

/** A row loads its history after this time, so rows that are scrolled past load nothing. */
const SETTLE_MILLISECONDS = 120;

function useHistory(id: string, revision: number, cache: HistoryCache): History | undefined {
  const cached = cache.get(id);
  const [, setLoaded] = useState<History>();
  useEffect(() => {
    if (cached?.revision === revision) return undefined;
    let isStale = false;
    const load = async () => {
      const params = { path: { order_id: id } };
      const [timeline, reconciliation] = await Promise.all([
        unwrap(api.GET("/sandbox/orders/{order_id}/timeline", { params })).catch(() => undefined),
        reconcile(id),
      ]);
      if (!timeline || isStale) return;
      const history = { timeline, agrees: reconciliation?.agrees !== false };
      cache.set(id, { revision, ...history });
      setLoaded(history);
    };
    const timer = setTimeout(() => void load(), SETTLE_MILLISECONDS);
    return () => {
      isStale = true;
      clearTimeout(timer);
    };
  }, [id, revision]);
  return cached;
}

/** The maximum length of all badges. The first badge may be longer. */
const MAX_CHARACTERS = 40;

function Badges(history: History) {
  const badges = badgesOf(history);
  let characters = 0;
  const shown = badges.filter(({ text }, index) => {
    characters += text.length;
    return index === 0 || characters <= MAX_CHARACTERS;
  });
  const hidden = badges.filter((each) => !shown.includes(each)).map(({ text }) => text);
  return (
    <>
      {shown.map(({ text, kind, title }) => (
        <span key={text} class={`tag ${kind}`} title={title}>
          {text}
        </span>
      ))}
      {hidden.length > 0 && (
        <span class="tag more" title={hidden.join(", ")}>
          +{hidden.length}
        </span>
      )}
    </>
  );
}

const badge = (text: string, kind: string, title = "") => ({ text, kind, title });

const ofWarning = (code: Warning["code"]) => badge(code, "warning", explain({ code }, ""));

/** The findings, warnings and refusals of an order, the most serious first. */
function badgesOf({ timeline: { figures, data }, agrees }: History) {
  const codes = new Set(data.flatMap(({ warnings = [] }) => warnings.map(({ code }) => code)));
  if (figures.captured > figures.ordered) codes.add("captured_beyond_total");
  const aboutMoney = MONEY_WARNINGS.filter((code) => codes.delete(code));
  const rejected = data.filter(({ kind }) => kind === "refused").length;
  const faulted = data.filter(({ fault }) => fault).length;
  return [
    ...(agrees ? [] : [badge(DISAGREES, "refused")]),
    ...aboutMoney.map(ofWarning),
    ...(rejected > 0 ? [badge(`${rejected} rejected`, "refused")] : []),
    ...(faulted > 0 ? [badge(plural(faulted, "fault"), "fault")] : []),
    ...[...codes].map(ofWarning),
  ];
}

/** The captured and refunded amounts, relative to the ordered amount. */
function Bar({ timeline, currency }: { timeline: Timeline; currency: string }) {
  const { figures } = timeline;
  const { ordered, captured } = figures;
  const whole = Math.max(ordered, captured, 1);
  const width = (amount: number) => ({ width: `${(amount / whole) * 100}%` });
  const text = SUMS.map((sum) => `${sum} ${money(figures[sum], currency)}`).join(", ");
  return (
    <span class="track" title={text}>
      {SUMS.map((sum) => (
        <span key={sum} class={`filled ${sum}`} style={width(figures[sum])} />
      ))}
      {captured > ordered && (
        <span
          class="filled excess"
          style={{ left: width(ordered).width, ...width(captured - ordered) }}
        />
      )}
      <span class="hidden">{text}</span>
    </span>
  );
}
