import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import {
  answered,
  api,
  recordedAs,
  type Order,
  type OrderEvent,
  type OrderLine,
  type Timeline,
  type TimelineEntry,
  type TimelineFigures,
} from "./api.ts";
import { FirstStep } from "./first-step.tsx";
import { shellWord, words } from "./format.ts";
import { parse } from "./json.tsx";
import { onCopyKey } from "./keyboard.ts";
import { copy, Failure, Loading, Money, Opened, Time, Typed, useLoaded } from "./parts.tsx";
import { Link, pathOf, without, type Place } from "./route.tsx";
import { Rows } from "./rows.tsx";
import { watch } from "./stream.ts";

const PAGE = 100;
/** How long what comes gathers before an order is read again. */
const GATHER_MILLISECONDS = 200;
const LATE_MILLISECONDS = 10_000;

export function Orders({ place }: { place: Place }) {
  const search = place.query.get("search") ?? "";
  const { id } = place;
  const [changes, setChanges] = useState(0);
  useEffect(() => follow(() => setChanges((before) => before + 1)), []);
  return (
    <div class={id ? "split open" : "split"}>
      <section class="list" aria-label="Orders">
        <div class="bar">
          <h1>Orders</h1>
        </div>
        <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
          <Typed
            name="search"
            label="Order id or partner_order_id"
            hint="order-1"
            query={place.query}
            isSearch
            isWide
          />
        </form>
        <List key={search} search={search} open={id} changes={changes} query={place.query} />
      </section>
      <section class="detail" aria-label="Order">
        {id ? (
          <OrderPage key={id} id={id} changes={changes} query={place.query} />
        ) : (
          <p class="quiet hint">Choose an order to see its ledger and what happened to it.</p>
        )}
      </section>
    </div>
  );
}

/** Tells when something was sent that may have changed an order, or wanted to. */
function follow(onChange: () => void): () => void {
  // A request is recorded a moment after its answer: what was sent just now may not be in what was read.
  const since = new Date(Date.now() - LATE_MILLISECONDS).toISOString();
  let last: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = watch({
    query: new URLSearchParams({ since }),
    last: () => last,
    onRequests: (requests) => {
      last = requests.at(-1)!.id;
      if (requests.every(({ method }) => method === "GET")) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        onChange();
      }, GATHER_MILLISECONDS);
    },
    onState: () => undefined,
  });
  return () => {
    clearTimeout(timer);
    end();
  };
}

interface ListProps {
  search: string;
  open: string | undefined;
  changes: number;
  query: URLSearchParams;
}

/** What an id cannot be isn't asked for as one. */
const CAN_BE_ID = /^[\x21-\x7e]{1,255}$/;

const ordersBy = (query: Record<string, string | number>) =>
  answered(api.GET("/v2/orders", { params: { query } }));

function List({ search, open, changes, query }: ListProps) {
  const [older, setOlder] = useState<Order[]>([]);
  const isLoading = useRef(false);
  const { data, problem, reload } = useLoaded(async () => {
    if (!search) {
      const page = await ordersBy({ limit: PAGE });
      return { orders: page.data, total: page.total ?? page.data.length };
    }
    const [byId, byPartner] = await Promise.all([
      CAN_BE_ID.test(search) ? ordersBy({ id: search }) : { data: [] },
      ordersBy({ partner_order_id: search, limit: PAGE }),
    ]);
    const others = byPartner.data.filter(({ id }) => id !== search);
    const orders = [...byId.data, ...others];
    return { orders, total: orders.length };
  }, [search, "orders"]);
  useEffect(() => {
    if (changes > 0) reload();
  }, [changes]);
  const orders = useMemo(() => {
    const newest = data?.orders ?? [];
    const ids = new Set(newest.map(({ id }) => id));
    return [...newest, ...older.filter(({ id }) => !ids.has(id))];
  }, [data, older]);
  const more = async () => {
    const last = orders.at(-1);
    if (search || !last || isLoading.current) return;
    isLoading.current = true;
    const page = await ordersBy({ limit: PAGE, starting_after: last.id }).catch(() => undefined);
    isLoading.current = false;
    if (page) setOlder((before) => [...before, ...page.data]);
  };
  if (problem && !data) return <Failure problem={problem} retry={reload} />;
  if (!data) return <Loading />;
  if (orders.length === 0) {
    return search ? (
      <p class="quiet">
        No order has this id, and none this <code>partner_order_id</code>. A deleted one has a page
        still: <Link to={pathOf("orders", search, query)}>look for it</Link>.
      </p>
    ) : (
      <div class="scroll">
        <p class="quiet">There are no orders yet.</p>
        <FirstStep />
      </div>
    );
  }
  return (
    <>
      <Rows
        label="Orders, newest first"
        items={orders}
        total={data.total}
        onEnd={() => void more()}
        row={(order) => (
          <Link
            class="line order"
            to={pathOf("orders", order.id, query)}
            aria-current={order.id === open ? "true" : undefined}
          >
            <span class="what">
              <b>{order.id}</b>
            </span>
            <Money amount={order.total_order_amount} currency={order.currency} />
            <span class="about">{order.partner_order_id}</span>
            <Time at={order.created_at} />
          </Link>
        )}
      />
      <p class="count quiet">{data.total} orders</p>
    </>
  );
}

interface PageProps {
  id: string;
  changes: number;
  query: URLSearchParams;
}

function OrderPage({ id, changes, query }: PageProps) {
  const { data, problem, reload } = useLoaded(async () => {
    const path = { order_id: id };
    const [timeline, orders, events] = await Promise.all([
      answered(api.GET("/sandbox/orders/{order_id}/timeline", { params: { path } })),
      ordersBy({ id }),
      answered(api.GET("/v2/order_events", { params: { query: { order_id: id, limit: PAGE } } })),
    ]);
    return { timeline, order: orders.data[0], events: events.data, total: events.total };
  }, [id]);
  useEffect(() => {
    if (changes > 0) reload();
  }, [changes]);
  useEffect(
    () =>
      onCopyKey(() => {
        const url = `${location.origin}/v2/orders?id=${encodeURIComponent(id)}`;
        const command = `curl ${shellWord(url)} -H "Authorization: Bearer $SANDBOX_KEY"`;
        void copy(command, "the command that reads the order");
      }),
    [id],
  );
  return (
    <Opened
      all="All orders"
      list={pathOf("orders", undefined, without(query, "event"))}
      actions={
        <>
          <Link to={pathOf("requests", undefined, new URLSearchParams({ order_id: id }))}>
            Its requests
          </Link>
          <Link to={pathOf("faults", undefined, new URLSearchParams({ order_id: id }))}>
            Set a fault
          </Link>
        </>
      }
    >
      <h1 class="title">
        <span class="path">{id}</span>{" "}
        {data && !data.order && <span class="tag fault">deleted</span>}
      </h1>
      {problem &&
        (problem.type === "ORDER_NOT_FOUND_ERROR" ? (
          <p class="quiet">
            There is no order {id} in this environment, and there was none. Perhaps it is another
            environment's.
          </p>
        ) : (
          <Failure problem={problem} retry={reload} />
        ))}
      {!data && !problem && <Loading />}
      {data && <Content {...data} open={query.get("event") ?? undefined} />}
    </Opened>
  );
}

interface ContentProps {
  timeline: Timeline;
  order: Order | undefined;
  events: OrderEvent[];
  total: number;
  open: string | undefined;
}

function Content({ timeline, order, events, total, open }: ContentProps) {
  const currency = order?.currency ?? events[0]?.currency ?? "USD";
  return (
    <>
      {order && (
        <dl class="facts">
          <Fact name="partner_order_id">{order.partner_order_id}</Fact>
          <Fact name="payment_method_id">{order.payment_method_id}</Fact>
          <Fact name="customer_id">{order.customer_id}</Fact>
          <Fact name="merchant">
            {[order.merchant_name, order.merchant_id].filter(Boolean).join(" · ")}
          </Fact>
          <Fact name="currency">{order.currency}</Fact>
          <Fact name="created">
            <Time at={order.created_at} />
          </Fact>
          <Fact name="updated">
            <Time at={order.updated_at} />
          </Fact>
        </dl>
      )}
      <h2>Ledger</h2>
      <div class="ledgers">
        <Bars title="Amount" figures={timeline.figures} currency={currency} />
        <Bars title="Rewards" figures={timeline.figures.rewards} currency={currency} />
      </div>
      <h2>Timeline</h2>
      <Steps timeline={timeline} events={events} currency={currency} />
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
      {events.length === 0 ? (
        <p class="quiet">None: nothing was captured or refunded.</p>
      ) : (
        <ul class="events">
          {events.map((event) => (
            <Event
              key={event.order_event_id}
              event={event}
              isOpen={event.order_event_id === open}
            />
          ))}
        </ul>
      )}
    </>
  );
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  if (!children) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const BARS = ["ordered", "captured", "refunded", "refundable"] as const;
type Figures = Record<(typeof BARS)[number], number>;

interface BarsProps {
  title: string;
  figures: Figures;
  currency: string;
}

/** Bars to one scale. The figures beside them say the same to who doesn't see them. */
function Bars({ title, figures, currency }: BarsProps) {
  const most = Math.max(1, ...BARS.map((name) => figures[name]));
  return (
    <section aria-label={title} class="bars">
      <h3>{title}</h3>
      <dl>
        {BARS.map((name) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <span class="track" aria-hidden="true">
                <span
                  class={`filled ${name}`}
                  style={{ width: `${(figures[name] / most) * 100}%` }}
                />
              </span>
              <Money amount={figures[name]} currency={currency} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const KINDS: Record<TimelineEntry["kind"], string> = {
  created: "Created",
  replaced: "Replaced",
  event_appended: "Event added",
  event_deleted: "Event deleted",
  deleted: "Deleted",
  refused: "Refused",
  replayed: "Sent again: answered with what was there",
  faulted: "Not done, because of a fault",
};

interface StepsProps {
  timeline: Timeline;
  events: OrderEvent[];
  currency: string;
}

function Steps({ timeline, events, currency }: StepsProps) {
  const { data, has_more } = timeline;
  const byId = new Map(events.map((event) => [event.order_event_id, event]));
  return (
    <>
      {has_more && <p class="quiet">There was more before these.</p>}
      <ol class="timeline">
        {data.map((entry, index) => (
          <li key={`${entry.request_id} ${entry.kind} ${entry.version}`} class={entry.kind}>
            <div class="bar">
              <b>{KINDS[entry.kind]}</b>
              {entry.order_event_id && <EventOf id={entry.order_event_id} events={byId} />}
              {entry.version !== undefined && <span class="quiet">version {entry.version}</span>}
              {entry.fault && <span class="tag fault">{entry.fault.fault}</span>}
              <Time at={entry.at} />
              <Link
                to={pathOf(
                  "requests",
                  undefined,
                  new URLSearchParams({ request_id: entry.request_id }),
                )}
              >
                request
              </Link>
            </div>
            {entry.error && (
              <p>
                <b>{words(entry.error.type)}</b>: {entry.error.message}
              </p>
            )}
            {entry.fault && entry.figures && <p>{SUFFERED[entry.fault.fault]}</p>}
            {entry.figures && <After figures={entry.figures} currency={currency} />}
            {entry.kind === "replaced" && <Compare entries={data} index={index} />}
          </li>
        ))}
      </ol>
    </>
  );
}

/** What a fault made of the answer to something that was done. */
const SUFFERED: Partial<Record<NonNullable<TimelineEntry["fault"]>["fault"], string>> = {
  lost_response: "It was done, but the client got no answer.",
  cut_response: "It was done, but the client got half of the answer.",
  error_after_commit: "It was done, but the client was answered 500.",
  gateway_timeout: "It was done, but the client was answered 504.",
  delay: "It was done, but the client had to wait for the answer.",
};

/** An event by its id, and what it was while it is there. */
function EventOf({ id, events }: { id: string; events: ReadonlyMap<string, OrderEvent> }) {
  const event = events.get(id);
  return (
    <>
      {event && (
        <b>
          {event.type} <Money amount={event.amount} currency={event.currency} />
        </b>
      )}
      <span>{id}</span>
    </>
  );
}

function After({ figures, currency }: { figures: TimelineFigures; currency: string }) {
  const of = (name: (typeof BARS)[number]) => (
    <div key={name}>
      <dt>{name}</dt>
      <dd>
        <Money amount={figures[name]} currency={currency} />
        {figures.rewards[name] > 0 && (
          <small class="quiet">
            {" "}
            + <Money amount={figures.rewards[name]} currency={currency} /> rewards
          </small>
        )}
      </dd>
    </div>
  );
  return <dl class="figures">{BARS.map(of)}</dl>;
}

/** What a replacement was sent with, beside what was sent before it. */
function Compare({ entries, index }: { entries: TimelineEntry[]; index: number }) {
  const [isOpen, setOpen] = useState(false);
  const before = entries
    .slice(0, index)
    .findLast(({ kind }) => kind === "created" || kind === "replaced");
  if (!before) return null;
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Compare with version {before.version}</summary>
      {isOpen && <Differences before={before} after={entries[index]!} />}
    </details>
  );
}

function Differences({ before, after }: { before: TimelineEntry; after: TimelineEntry }) {
  const both = [before, after];
  const { data, problem, reload } = useLoaded(
    () => Promise.all(both.map(bodyOf)),
    both.map(({ request_id }) => request_id),
  );
  if (problem) return <Failure problem={problem} retry={reload} />;
  if (!data) return <Loading />;
  const [one, other] = data;
  if (!one || !other) return <p class="quiet">One of the two requests isn't kept any more.</p>;
  const fields = [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
    (field) => JSON.stringify(one[field]) !== JSON.stringify(other[field]),
  );
  if (fields.length === 0) return <p class="quiet">Both were sent with the same content.</p>;
  return (
    <div class="table">
      <table>
        <thead>
          <tr>
            <th scope="col">field</th>
            <th scope="col">version {before.version}</th>
            <th scope="col">version {after.version}</th>
          </tr>
        </thead>
        <tbody>
          {fields.map((field) => (
            <tr key={field}>
              <th scope="row">{field}</th>
              <td>
                <code>{JSON.stringify(one[field]) ?? "none"}</code>
              </td>
              <td>
                <code>{JSON.stringify(other[field]) ?? "none"}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What a request was sent with; undefined where it isn't kept. */
async function bodyOf(entry: TimelineEntry): Promise<Record<string, unknown> | undefined> {
  const id = await recordedAs(entry.request_id, Date.parse(entry.at) + LATE_MILLISECONDS);
  if (id === undefined) return undefined;
  const found = await answered(api.GET("/sandbox/requests/{id}", { params: { path: { id } } }));
  return parse(found.request.body ?? "")?.value as Record<string, unknown> | undefined;
}

function Lines({ lines, currency }: { lines: OrderLine[]; currency: string }) {
  return (
    <div class="table">
      <table>
        <thead>
          <tr>
            <th scope="col">name</th>
            <th scope="col" class="right">
              quantity
            </th>
            <th scope="col" class="right">
              rate
            </th>
            <th scope="col" class="right">
              rewards
            </th>
            <th scope="col" class="right">
              comes to
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ name, product_url, quantity, rate, rewards_rate }, index) => (
            <tr key={index}>
              <td>
                {name}
                {product_url && <small class="quiet"> {product_url}</small>}
              </td>
              <td class="right">{quantity}</td>
              <td class="right">
                <Money amount={rate} currency={currency} />
              </td>
              <td class="right">
                <Money amount={rewards_rate} currency={currency} />
              </td>
              <td class="right">
                <Money amount={rate * quantity} currency={currency} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Event({ event, isOpen }: { event: OrderEvent; isOpen: boolean }) {
  const { order_event_id, type, amount, rewards_amount, currency, order_lines } = event;
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isOpen) item.current?.scrollIntoView({ block: "center" });
  }, [isOpen]);
  return (
    <li ref={item} class={isOpen ? "open" : undefined} aria-current={isOpen ? "true" : undefined}>
      <div class="bar">
        <b>{type}</b>
        <span>{order_event_id}</span>
        <Money amount={amount} currency={currency} />
        {rewards_amount > 0 && (
          <small class="quiet">
            + <Money amount={rewards_amount} currency={currency} /> rewards
          </small>
        )}
      </div>
      <small class="quiet">
        {[event.partner_event_id, event.network_transaction_id].filter(Boolean).join(" · ")}
      </small>
      {order_lines && <Lines lines={order_lines} currency={currency} />}
    </li>
  );
}
