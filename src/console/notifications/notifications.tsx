import { useEffect, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { DELIVERY_STATUSES } from "../../domain/notifications.ts";
import { NOTIFICATION_KINDS } from "../../domain/webhooks.ts";
import { api, unwrap, type Notification } from "../api.ts";
import { plural } from "../format.ts";
import { hrefOf, type Place } from "../location.ts";
import { Pending } from "../parts/feedback.tsx";
import { SelectFilter, TextFilter } from "../parts/filters.tsx";
import { usePages } from "../parts/pages.ts";
import { VirtualList } from "../parts/virtual-list.tsx";
import { followStream } from "../stream.ts";
import { NotificationDetail } from "./detail.tsx";
import { labelOf, Row } from "./row.tsx";
import { Trigger } from "./trigger.tsx";
import { Webhooks } from "./webhooks.tsx";

const PAGE = 100;
const FILTERS = new Set(["object", "delivery_status", "network_transaction_id"]);
/** The pages of the detail pane other than a notification. */
const WEBHOOKS = "webhooks";
const TRIGGER = "trigger";

export function Notifications({ place: { id, query } }: { place: Place }) {
  const filter = Object.fromEntries([...query].filter(([name]) => FILTERS.has(name)));
  const revision = useChanges();
  const { items, total, problem, reload, loadMore } = usePages(
    (starting_after) =>
      unwrap(
        api.GET("/sandbox/notifications", {
          params: { query: { ...filter, limit: PAGE, ...(starting_after && { starting_after }) } },
        }),
      ),
    [filter],
    revision,
  );
  const newest = items?.find(({ delivery_status }) => delivery_status === "failed") ?? items?.[0];
  const [suggested, setSuggested] = useState<string>();
  useEffect(() => {
    if (newest) setSuggested((before) => before ?? newest.id);
  }, [newest]);
  const open = id ?? suggested ?? (items && WEBHOOKS);
  return (
    <div class={`split${id ? " open" : ""}`}>
      <section class="list" aria-label="Notifications">
        <ListHeader query={query} />
        <Pending {...{ data: items, problem, reload }} />
        {items?.length === 0 && <p class="quiet">No notifications.</p>}
        {items && items.length > 0 && (
          <VirtualList<Notification>
            label="Notifications, newest first"
            items={items}
            total={total}
            open={open}
            onEnd={loadMore}
            row={(each) => <Row notification={each} isOpen={each.id === open} query={query} />}
          />
        )}
        {items && <p class="count quiet">{plural(total, "notification")}</p>}
      </section>
      <section class="detail" aria-label="Notification">
        {open === WEBHOOKS ? (
          <Webhooks />
        ) : open === TRIGGER ? (
          <Trigger />
        ) : (
          open && <NotificationDetail key={open} id={open} revision={revision} query={query} />
        )}
      </section>
    </div>
  );
}

function ListHeader({ query }: { query: URLSearchParams }) {
  return (
    <>
      <div class="bar">
        <h1>Notifications</h1>
        <Link class="button" href={hrefOf("notifications", TRIGGER)}>
          Send one
        </Link>
        <Link class="button" href={hrefOf("notifications", WEBHOOKS)}>
          Webhooks
        </Link>
      </div>
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <TextFilter
          class="wide"
          name="network_transaction_id"
          label="network_transaction_id"
          placeholder="txn-1"
          query={query}
          isSearch
        />
        <SelectFilter name="object" label="Kind" query={query} options={[...NOTIFICATION_KINDS]} />
        <SelectFilter
          name="delivery_status"
          label="Delivery"
          query={query}
          options={[...DELIVERY_STATUSES]}
          labelOf={labelOf}
        />
      </form>
    </>
  );
}

/** Collects changes for this time before it reloads the notifications. */
const GATHER_MILLISECONDS = 200;

/** Increases when notifications have changed. */
function useChanges(): number {
  const [revision, setRevision] = useState(0);
  useEffect(() => {
    let last: string | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const report = () => {
      timer = undefined;
      setRevision((before) => before + 1);
    };
    const stop = followStream({
      path: "/sandbox/notifications/stream",
      query: new URLSearchParams(),
      lastId: () => last,
      onItem: (_, eventId) => {
        last = eventId;
        timer ??= setTimeout(report, GATHER_MILLISECONDS);
      },
      onReconnect: async () => report(),
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, []);
  return revision;
}
