import { MAX_COUNTED_ORDERS } from "../../domain/requests.ts";
import { MONEY_WARNINGS, type Warning } from "../../domain/warnings.ts";
import type { ReconciledTransaction, RecordedRequest } from "../api.ts";
import { currencyOf, plural, withMoney } from "../format.ts";
import { hrefOf } from "../location.ts";
import { summaryOf } from "../parts/tags.tsx";
import { disagreementOf, hrefOfTransaction } from "../transactions/disagreement.ts";
import { kindName, type Kind } from "./kinds.ts";
import { describeRetry, isSecondExecution, type Retries } from "./retries.ts";

/** One mistake of the integration, however many requests and warnings report it. */
export interface Finding {
  key: string;
  isWarning: boolean;
  /** The order, transaction or path, or the number of requests. */
  subject: string;
  /** The amount of the request. */
  amount?: number | undefined;
  currency: string;
  text: string;
  href: string;
  /** The newest request with this mistake. */
  request?: RecordedRequest;
}

export interface FindingSources {
  /** Rejected requests, newest first. */
  rejected: readonly RecordedRequest[];
  disagreements: readonly ReconciledTransaction[];
  /** The loaded requests, newest first. */
  requests: readonly RecordedRequest[];
  retries: Retries;
  /** The kinds of all errors and warnings, including those of requests that are not loaded. */
  kinds: readonly Kind[];
}

/** All findings, the worst first: rejected, created twice, disagreeing with the card, warned. */
export function findingsOf(sources: FindingSources): Finding[] {
  const { requests, retries } = sources;
  const repeated = requests.filter((each) => {
    const first = retries.get(each.id);
    return first && isSecondExecution(each, first);
  });
  return [
    ...rejections(sources),
    ...repeated.map((each) => secondExecution(each, retries.get(each.id)!)),
    ...sources.disagreements.map((each) => disagreement(each, requests)),
    ...warnings(sources, repeated),
  ];
}

type Description = Pick<Finding, "key" | "isWarning" | "text"> & Partial<Finding>;

const ofRequest = (request: RecordedRequest, description: Description): Finding => ({
  subject: subjectOf(request),
  amount: request.content?.amount,
  currency: currencyOf(request),
  href: hrefOf("requests", request.id),
  request,
  ...description,
});

const subjectOf = (request: RecordedRequest): string =>
  request.order_id ??
  request.network_transaction_id ??
  request.partner_order_id ??
  `${request.method} ${request.path}`;

function rejections({ rejected }: FindingSources): Finding[] {
  const byKey = Map.groupBy(
    // An injected fault is no mistake of the integration.
    rejected.filter(({ error, fault }) => error && !fault),
    (each) => `${subjectOf(each)} ${kindName(each.error!.type, each.error!.param)}`,
  );
  return [...byKey].map(([key, group]) => {
    const request = group[0]!;
    const sentence = withMoney(request.error!.message, currencyOf(request));
    const times = group.length > 1 ? ` (${group.length} times)` : "";
    return ofRequest(request, { key, isWarning: false, text: `Rejected: ${sentence}${times}` });
  });
}

const secondExecution = (request: RecordedRequest, first: RecordedRequest): Finding =>
  ofRequest(request, {
    // Each execution created its own order; both have the same `partner_order_id`.
    subject: request.partner_order_id ?? subjectOf(request),
    key: `twice ${request.id}`,
    isWarning: false,
    text: `Created twice: a retry with ${first.warnings?.some(({ code }) => code === "not_repeatable") ? "no ID or Idempotency-Key" : "a new ID"} ${describeRetry(first)}.`,
  });

function disagreement(
  reconciled: ReconciledTransaction,
  requests: readonly RecordedRequest[],
): Finding {
  const { network_transaction_id, card, order_events } = reconciled;
  const named = requests.filter(
    (each) => each.network_transaction_id === network_transaction_id && each.order_id,
  );
  const request = named.find((each) => each.warnings) ?? named[0];
  const currency = card?.currency ?? currencyOf(request ?? {});
  return {
    key: `card ${network_transaction_id}`,
    isWarning: false,
    subject: [listOf(order_events.order_ids), network_transaction_id].filter(Boolean).join(" · "),
    currency,
    text: disagreementOf(reconciled, currency),
    href: hrefOfTransaction(reconciled),
    ...(request && { request }),
  };
}

/** `order-2 and 3 more` */
function listOf([first, ...others]: string[]): string | undefined {
  const most = others.length + 1 === MAX_COUNTED_ORDERS ? "at least " : "";
  return others.length > 0 ? `${first} and ${most}${others.length} more` : first;
}

const ABOUT_MONEY: ReadonlySet<string> = new Set(MONEY_WARNINGS);

/** One finding per order for warnings about money, and one per kind for all others. */
function warnings(
  { requests, retries, kinds, disagreements }: FindingSources,
  repeated: RecordedRequest[],
): Finding[] {
  const disagreeing = disagreements.flatMap(({ order_events }) => order_events.order_ids);
  const createdTwice = repeated.flatMap((each) => [each, retries.get(each.id)!]);
  const known = (code: string): (string | undefined)[] =>
    ABOUT_MONEY.has(code)
      ? disagreeing
      : code === "not_repeatable"
        ? createdTwice.map(({ order_id }) => order_id)
        : [];
  const groups = Map.groupBy(
    kinds.filter(({ warning }) => warning),
    ({ name, warning }) => (ABOUT_MONEY.has(warning!.code) ? warning!.code : name),
  );
  return [...groups]
    .toSorted(([a], [b]) => Number(ABOUT_MONEY.has(b)) - Number(ABOUT_MONEY.has(a)))
    .flatMap(([key, group]) => {
      const all = new Set(group.flatMap(({ order_ids }) => order_ids));
      const ids = [...all].filter((id) => !known(key).includes(id));
      if (all.size > 0 && ids.length === 0) return [];
      const subjects = ABOUT_MONEY.has(key) && ids.length > 0 ? ids.map((id) => [id]) : [ids];
      return subjects.map((each) => warningOf(group[0]!, each, requests));
    });
}

/** The finding of a kind of warning about these orders. If its request is not loaded, the link loads it. */
function warningOf(kind: Kind, ids: string[], requests: readonly RecordedRequest[]): Finding {
  const { name, count } = kind;
  const is = (each: Warning) =>
    each.code === kind.warning!.code &&
    (ABOUT_MONEY.has(each.code) || kindName(each.code, each.param) === name);
  const request = requests.find(
    ({ warnings: all, order_id = "" }) =>
      all?.some(is) && (ids.length === 0 || ids.includes(order_id)),
  );
  const warning = request?.warnings?.find(is) ?? kind.warning!;
  const description = {
    key: `${name} ${ids[0]}`,
    isWarning: true,
    text: summaryOf(warning, currencyOf(request ?? {})),
    ...(ids.length > 0 && { subject: listOf(ids)! }),
  };
  if (request) return ofRequest(request, description);
  const [id] = ids.length === 1 ? ids : [];
  return {
    subject: plural(count, "request"),
    currency: "USD",
    href: hrefOf("requests", undefined, id === undefined ? { kind: name } : { order_id: id }),
    ...description,
  };
}
