import { useEffect, useMemo, useRef } from "preact/hooks";
import type { RecordedRequest } from "../api.ts";
import { plural } from "../format.ts";
import { useShortcut } from "../keyboard.ts";
import type { Place } from "../location.ts";
import { Failure, Loading } from "../parts/feedback.tsx";
import { VirtualList } from "../parts/virtual-list.tsx";
import { RequestFeed } from "../request-feed.ts";
import { FirstSteps } from "../start.tsx";
import type { StreamState } from "../stream.ts";
import { RequestDetail } from "./detail.tsx";
import { filterOf, Filters, OrdersOfPartner } from "./filters.tsx";
import { Groups, kindsOf } from "./groups.tsx";
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
  const kind = query.get("kind") ?? "";
  const listed = useMemo(
    () => (kind ? requests.filter((each) => hasKind(each, kind)) : requests),
    [requests, kind],
  );
  const isEmpty = feed.isLoaded.value && requests.length === 0;
  const suggested = useSuggested(feed);
  const open = id ?? suggested;

  return (
    <div class={id ? "split open" : "split"}>
      <section class="list" aria-label="Requests">
        <ListHeader feed={feed} />
        <Filters query={query} />
        <Groups requests={requests} kind={kind} isFiltered={filter.size > 0} />
        {filter.has("partner_order_id") && <OrdersOfPartner requests={requests} />}
        {feed.problem.value && (
          <Failure problem={feed.problem.value} retry={() => void feed.loadMore()} />
        )}
        {!feed.isLoaded.value && !feed.problem.value && <Loading />}
        {isEmpty && (filter.size > 0 ? <p class="quiet">No request matches.</p> : <Empty />)}
        {requests.length > 0 && (
          <VirtualList
            label="Requests, newest first"
            items={listed}
            total={kind ? listed.length : feed.total.value}
            row={(request) => <Row request={request} isOpen={request.id === open} query={query} />}
            onEnd={() => void feed.loadMore()}
          />
        )}
        {feed.isLoaded.value && (
          <p class="count quiet">
            {listed.length < feed.total.value && `${listed.length} of `}
            {plural(feed.total.value, "request")}
          </p>
        )}
      </section>
      <section class="detail" aria-label="Request">
        {open ? (
          <RequestDetail key={open} id={open} query={query} />
        ) : (
          isEmpty && filter.size === 0 && <FirstSteps />
        )}
      </section>
    </div>
  );
}

const hasKind = (request: RecordedRequest, kind: string) =>
  kindsOf(request).some(({ name }) => name === kind);

/** The request to show until one is chosen: the newest that went wrong, otherwise the newest. */
function useSuggested(feed: RequestFeed): string | undefined {
  const suggested = useRef<{ feed: RequestFeed; id: string } | undefined>(undefined);
  const requests = feed.requests.value;
  if (suggested.current?.feed !== feed) {
    const wrong = requests.find(({ error, fault, warnings }) => error ?? fault ?? warnings);
    const id = (wrong ?? requests[0])?.id;
    suggested.current = id === undefined ? undefined : { feed, id };
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

function Empty() {
  return (
    <p class="quiet">
      No requests yet. Send one to <code>/v2</code> with this key; it appears here within a second.
    </p>
  );
}
