import { Link } from "wouter-preact";
import {
  api,
  unwrap,
  type Order,
  type OrderEvent,
  type OrderReconciliation,
  type Timeline,
} from "../api.ts";
import { curlOf } from "../format.ts";
import { useShortcut } from "../keyboard.ts";
import { hrefOf, without } from "../location.ts";
import { DetailPane } from "../parts/detail-pane.tsx";
import { copy, Pending } from "../parts/feedback.tsx";
import { useResource } from "../parts/resource.ts";
import { Facts } from "../parts/values.tsx";
import { Agreement } from "../transactions/both-sides.tsx";
import { Card, reconcile } from "./card.tsx";
import { Events, Lines } from "./events.tsx";
import { Bars } from "./ledger.tsx";
import { TimelineTable } from "./timeline.tsx";

const MAX_EVENTS = 100;

interface OrderDetailProps {
  id: string;
  /** Increases when the order may have changed. */
  revision: number;
  query: URLSearchParams;
}

interface OrderContent {
  timeline: Timeline;
  /** Undefined if the order was deleted. */
  order: Order | undefined;
  events: OrderEvent[];
  total: number;
  reconciliation: OrderReconciliation | undefined;
}

async function loadOrder(id: string): Promise<OrderContent> {
  const found = unwrap(api.GET("/v2/orders", { params: { query: { id } } }));
  const [timeline, orders, events, reconciliation] = await Promise.all([
    unwrap(api.GET("/sandbox/orders/{order_id}/timeline", { params: { path: { order_id: id } } })),
    found,
    unwrap(api.GET("/v2/order_events", { params: { query: { order_id: id, limit: MAX_EVENTS } } })),
    found.then(({ data: [order] }) => order && reconcile(id)),
  ]);
  const total = events.total ?? events.data.length;
  return { timeline, order: orders.data[0], events: events.data, total, reconciliation };
}

export function OrderDetail({ id, revision, query }: OrderDetailProps) {
  const { data, problem, reload } = useResource(() => loadOrder(id), [id], revision);
  const curl = curlOf(`/v2/orders?id=${encodeURIComponent(id)}`);
  useShortcut("c", () => void copy(curl, "the request for this order as curl"), [id]);
  return (
    <DetailPane
      list="All orders"
      href={hrefOf("orders", undefined, without(query, "event"))}
      actions={
        <>
          <Link href={hrefOf("requests", undefined, { order_id: id })}>Its requests</Link>
          <Link href={hrefOf("faults", undefined, { order_id: id })}>Add a fault</Link>
        </>
      }
    >
      <h1 class="title">
        <span class="path">{id}</span>{" "}
        {data && !data.order && <span class="tag fault">deleted</span>}{" "}
        {data?.reconciliation && data.reconciliation.transactions.length > 0 && (
          <Agreement transactions={data.reconciliation.transactions} />
        )}
      </h1>
      {problem?.type === "ORDER_NOT_FOUND_ERROR" ? (
        <p class="quiet">
          This environment has never had an order {id}. It may belong to another environment.
        </p>
      ) : (
        <Pending {...{ data, problem, reload }} />
      )}
      {data && <Content {...data} openEvent={query.get("event") ?? undefined} />}
    </DetailPane>
  );
}

const SHOWN_ELSEWHERE = [
  "id",
  "total_order_amount",
  "total_rewards_amount",
  "order_lines",
] as const;

function Content({
  timeline,
  order,
  events,
  total,
  reconciliation,
  openEvent,
}: OrderContent & { openEvent: string | undefined }) {
  const currency = order?.currency ?? events[0]?.currency ?? "USD";
  return (
    <>
      {order && <Facts of={order} except={SHOWN_ELSEWHERE} />}
      <h2>Ledger</h2>
      <div class="ledgers">
        <Bars title="Amount" figures={timeline.figures} currency={currency} />
        <Bars title="Rewards" figures={timeline.figures.rewards} currency={currency} />
      </div>
      {reconciliation && (
        <Card reconciliation={reconciliation} currency={currency} hasEvents={total > 0} />
      )}
      <h2>
        Timeline <small class="quiet">oldest first</small>
      </h2>
      <TimelineTable timeline={timeline} currency={currency} />
      {order?.order_lines && (
        <>
          <h2>Lines</h2>
          <Lines lines={order.order_lines} currency={currency} />
        </>
      )}
      <h2>
        Events{" "}
        {total > events.length && (
          <small class="quiet">
            the newest {events.length} of {total}
          </small>
        )}
      </h2>
      <Events events={events} open={openEvent} />
    </>
  );
}
