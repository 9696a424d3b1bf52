import { Link } from "wouter-preact";
import {
  api,
  unwrap,
  type OrderEvent,
  type ReconciledTransaction,
  type SimulatedEvent,
  type Transaction,
} from "../api.ts";
import { curlOf, plural } from "../format.ts";
import { useShortcut } from "../keyboard.ts";
import { hrefOf } from "../location.ts";
import { DetailPane } from "../parts/detail-pane.tsx";
import { copy, Pending } from "../parts/feedback.tsx";
import { usePolling } from "../parts/polling.ts";
import { useResource } from "../parts/resource.ts";
import { Facts, Money, Time } from "../parts/values.tsx";
import { BothSides } from "./both-sides.tsx";
import { amountOf, cardFigures } from "./disagreement.ts";

const MAX_EVENTS = 100;

interface TransactionDetailProps {
  /** The `transaction_id`, or the `network_transaction_id` of a transaction that is not on the card. */
  id: string;
  isNetworkId: boolean;
  query: Record<string, string>;
}

interface Content {
  transaction: Transaction | undefined;
  events: SimulatedEvent[];
  network_transaction_id: string;
  reconciled: ReconciledTransaction | undefined;
  orderEvents: OrderEvent[];
  orderEventCount: number;
}

const NOT_ON_CARD = { transaction: undefined, events: [] };

const find = (transaction_id: string) =>
  unwrap(
    api.GET("/sandbox/transactions/{transaction_id}", { params: { path: { transaction_id } } }),
  );

async function reconcile(network_transaction_id: string) {
  const query = { network_transaction_id };
  return (await unwrap(api.GET("/sandbox/reconciliation", { params: { query } }))).data[0];
}

async function load(id: string, isNetworkId: boolean): Promise<Content> {
  const known = isNetworkId ? (await reconcile(id))?.transaction_id : id;
  const { transaction, events } = known === undefined ? NOT_ON_CARD : await find(known);
  const network_transaction_id = transaction?.network_transaction_id ?? id;
  const [reconciled, named] = await Promise.all([
    reconcile(network_transaction_id),
    unwrap(
      api.GET("/v2/order_events", {
        params: { query: { network_transaction_id, limit: MAX_EVENTS } },
      }),
    ),
  ]);
  return {
    transaction,
    events,
    network_transaction_id,
    reconciled,
    orderEvents: named.data,
    orderEventCount: named.total ?? named.data.length,
  };
}

export function TransactionDetail({ id, isNetworkId, query }: TransactionDetailProps) {
  const { data, problem, reload } = useResource(() => load(id, isNetworkId), [id, isNetworkId]);
  usePolling(reload, [id]);
  const curl = curlOf(`/v2/transactions/${encodeURIComponent(id)}`);
  useShortcut("c", () => void copy(curl, "the request for this transaction as curl"), [id]);
  const network_transaction_id = data?.network_transaction_id;
  return (
    <DetailPane
      list="All transactions"
      href={hrefOf("transactions", undefined, query)}
      actions={
        network_transaction_id && (
          <>
            <Link href={hrefOf("requests", undefined, { network_transaction_id })}>
              Requests that name it
            </Link>
            <Link href={hrefOf("notifications", undefined, { network_transaction_id })}>
              Its notifications
            </Link>
          </>
        )
      }
    >
      <Pending {...{ data, problem, reload }} />
      {data && <Sections {...data} />}
    </DetailPane>
  );
}

function Sections(content: Content) {
  const { transaction, events, network_transaction_id, reconciled } = content;
  const { orderEvents, orderEventCount } = content;
  const currency = transaction?.currency ?? orderEvents[0]?.currency ?? "USD";
  const card = reconciled?.card;
  return (
    <>
      <h1 class="title">
        {card && (card.captured > 0 || card.refunded > 0)
          ? cardFigures(card, currency)
          : transaction
            ? amountOf(transaction)
            : "Not on the card"}
      </h1>
      {transaction && <Facts of={transaction} except={["status", "amount"]} />}
      <h2>Card and order events</h2>
      {reconciled ? (
        <BothSides reconciled={reconciled} currency={currency} />
      ) : (
        <p class="quiet">Neither the card nor an order event has {network_transaction_id}.</p>
      )}
      {events.length > 0 && (
        <>
          <h2>On the card</h2>
          <CardEvents events={events.toReversed()} currency={currency} />
        </>
      )}
      <h2>
        Order events{" "}
        {orderEventCount > orderEvents.length && (
          <small class="quiet">
            the newest {orderEvents.length} of {plural(orderEventCount, "event")}
          </small>
        )}
      </h2>
      <Reports events={orderEvents} />
    </>
  );
}

function CardEvents({ events, currency }: { events: SimulatedEvent[]; currency: string }) {
  return (
    <ul class="events">
      {events.map(({ event_id, status, amount, created_at }) => (
        <li key={event_id}>
          <div class="bar">
            <b>{status}</b>
            <Money amount={amount} currency={currency} />
            <Time at={created_at} />
          </div>
          <small class="quiet">{event_id}</small>
        </li>
      ))}
    </ul>
  );
}

/** The order events that name the transaction. */
function Reports({ events }: { events: OrderEvent[] }) {
  if (events.length === 0) return <p class="quiet">No order event names this transaction.</p>;
  return (
    <ul class="events">
      {events.map(({ order_event_id, order_id, type, amount, currency }) => (
        <li key={order_event_id}>
          <div class="bar">
            <b>{type}</b>
            <Money amount={amount} currency={currency} />
            <Link href={hrefOf("orders", order_id, { event: order_event_id })}>
              {order_id} · {order_event_id}
            </Link>
          </div>
        </li>
      ))}
    </ul>
  );
}
