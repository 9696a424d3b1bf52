import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { RecordedRequest } from "../api.ts";
import { plural } from "../format.ts";
import { useShortcut } from "../keyboard.ts";
import type { Place } from "../location.ts";
import { Pending } from "../parts/feedback.tsx";
import { VirtualList } from "../parts/virtual-list.tsx";
import { RequestFeed } from "./feed.ts";
import { FirstSteps } from "../start.tsx";
import type { StreamState } from "../stream.ts";
import { RequestDetail } from "./detail.tsx";
import { Filters, OrdersOfPartner } from "./filters.tsx";
import { useFindings } from "./finding-sources.ts";
import type { Finding } from "./findings.ts";
import { Findings } from "./findings-list.tsx";
import { Groups } from "./groups.tsx";
import { hasKind } from "./kinds.ts";
import { filterOf } from "./query.ts";
import { retriesAmong } from "./retries.ts";
import { Row } from "./row.tsx";

const STREAM_STATES: Record<StreamState, string> = {
  connecting: "Connecting …",
  live: "Live",
  broken: "Reconnecting …",
  full: "Too many consoles are open: close another one",
};

export function Requests({ place: { id, query } }: { place: Place }) {
  const filter = filterOf(query);
  const feed = useMemo(() => new RequestFeed(filter), [filter.toString()]);
  useEffect(() => feed.start(), [feed]);
  const requests = feed.requests.value;
  const isEmpty = feed.isLoaded.value && requests.length === 0;
  const isFirstUse = isEmpty && filter.size === 0;
  const selected = query.get("kind") ?? "";
  const content = useContent(feed, filter, selected);
  const { findings, listed, retries } = content;
  const suggested = useSuggested(feed, selected, selected ? listed[0] : worstOf(findings, listed));
  const open = id ?? suggested;
  useOlderUntil(feed, id);

  return (
    <div class={`split${id ? " open" : ""}${isFirstUse ? " first-use" : ""}`}>
      <section class="list" aria-label="Requests">
        <ListHeader feed={feed} />
        <Filters query={query} />
        {!isFirstUse && <Findings findings={findings} isFiltered={filter.size > 0} />}
        <List feed={feed} content={content} open={open} id={id} query={query}>
          {isEmpty && (isFirstUse ? <FirstUse /> : <NoMatch />)}
        </List>
      </section>
      <section class="detail" aria-label="Request">
        {open ? (
          <RequestDetail key={open} id={open} query={query} retries={retries} />
        ) : (
          isEmpty && <div class="scroll">{isFirstUse && <FirstSteps />}</div>
        )}
      </section>
    </div>
  );
}

/** The loaded requests of the selected kind, and the findings of all kinds. */
function useContent(feed: RequestFeed, filter: URLSearchParams, selected: string) {
  const requests = feed.requests.value;
  const listed = useMemo(
    () => (selected ? requests.filter((each) => hasKind(each, selected)) : requests),
    [requests, selected],
  );
  const retries = useMemo(() => retriesAmong(requests), [requests]);
  return { listed, retries, ...useFindings(feed, filter, retries) };
}

interface ListProps {
  feed: RequestFeed;
  content: ReturnType<typeof useContent>;
  open: string | undefined;
  /** The ID in the URL, to which the list scrolls. */
  id: string | undefined;
  query: URLSearchParams;
  /** The content of an empty list. */
  children: ComponentChildren;
}

/** The groups of requests, and the requests of the selected group. */
function List({ feed, content, open, id, query, children }: ListProps) {
  const { kinds, listed, retries } = content;
  const requests = feed.requests.value;
  const selected = query.get("kind") ?? "";
  const all = feed.total.value;
  const total = selected
    ? (kinds?.find(({ name }) => name === selected)?.count ?? listed.length)
    : all;
  const loadMore = () => void feed.loadMore();
  const row = (request: RecordedRequest) => (
    <Row
      request={request}
      isOpen={request.id === open}
      repeats={retries.get(request.id)}
      query={query}
    />
  );
  return (
    <>
      <Groups kinds={kinds} selected={selected} query={query} />
      {query.has("partner_order_id") && <OrdersOfPartner requests={requests} />}
      <Pending data={feed.isLoaded.value} problem={feed.problem.value} reload={loadMore} />
      {children}
      {requests.length > 0 && (
        <VirtualList
          label="Requests, newest first"
          items={listed}
          total={total}
          open={id}
          row={row}
          onEnd={loadMore}
        />
      )}
      {feed.isLoaded.value && <p class="count quiet">{plural(total, "request")}</p>}
    </>
  );
}

/** Loads older pages until the linked request is in the list. IDs grow with time. */
function useOlderUntil(feed: RequestFeed, id: string | undefined): void {
  const oldest = feed.requests.value.at(-1);
  useEffect(() => {
    if (id === undefined || !oldest || feed.requests.value.length >= feed.total.value) return;
    if (Number(oldest.id) > Number(id)) void feed.loadMore();
  }, [id, oldest]);
}

/** The newest request of the worst finding, or else the newest request; undefined until both lists are loaded. */
const worstOf = (
  findings: Finding[] | undefined,
  listed: readonly RecordedRequest[],
): RecordedRequest | undefined =>
  findings && (findings.find(({ request }) => request)?.request ?? listed[0]);

/** The ID of the request to show until one is chosen. It stays when newer requests arrive. */
function useSuggested(
  feed: RequestFeed,
  kind: string,
  best: RecordedRequest | undefined,
): string | undefined {
  const suggested = useRef<{ feed: RequestFeed; kind: string; id: string } | undefined>(undefined);
  const { current } = suggested;
  if (current?.feed !== feed || current.kind !== kind) {
    suggested.current = best && { feed, kind, id: best.id };
  }
  return suggested.current?.id;
}

function ListHeader({ feed }: { feed: RequestFeed }) {
  useShortcut("p", () => feed.togglePause(), [feed]);
  const stream = feed.stream.value;
  const waiting = feed.waiting.value.length;
  return (
    <div class="bar">
      <h1>Requests</h1>
      <span class={`stream ${stream}`} role="status">
        {STREAM_STATES[stream]}
      </span>
      <button type="button" aria-pressed={feed.isPaused.value} onClick={() => feed.togglePause()}>
        {feed.isPaused.value ? `Resume${waiting > 0 ? ` (${waiting} new)` : ""}` : "Pause"}
      </button>
    </div>
  );
}

function NoMatch() {
  return (
    <p class="quiet">
      No request matches. A single word finds the IDs that start with it. For other fields, write
      their name: <code>status:409</code>.
    </p>
  );
}

function FirstUse() {
  return (
    <p class="quiet">
      No requests yet. Send one to <code>/v2</code> with this key; it appears here within a second.
    </p>
  );
}
