/**
 * The ceiling: the best that the runtime and D1 can do. It runs each operation's storage and nothing else:
 * no keys, no validation, no rules, no Drizzle. Like the sandbox, it sends an event through its order's
 * object. Its SQL lists the columns by hand: all that a response contains, and all that are required.
 */
import { DurableObject } from "cloudflare:workers";
import { DEFAULT_PAGE_ITEMS } from "../../src/schemas/pages.ts";

interface Env {
  DB: D1Database;
  ORDER_LEDGER: DurableObjectNamespace<OrderLedger>;
}

const DATASET_ID = 1;
const PAGE_ITEMS = DEFAULT_PAGE_ITEMS;
const TIME = "2025-01-01T00:00:00Z";

const LINES = (table: string, parent: string) => `
  (select json_group_array(json_object('name', name, 'product_url', product_url, 'quantity', quantity, 'rate', rate, 'rewards_rate', rewards_rate)) from
    (select * from ${table} where dataset_id = ?1 and ${parent} = item.${parent} order by position))
  as order_lines`;

const ORDER = `
  id, version, customer_id, payment_method_id, partner_order_id, merchant_id, merchant_name,
  merchant_address, total_order_amount, total_rewards_amount, currency, created_at, updated_at,
  ${LINES("order_lines", "order_id").replace("item.order_id", "item.id")}`;
const EVENT = `
  order_event_id, order_id, partner_event_id, type, amount, rewards_amount, currency,
  network_transaction_id, ${LINES("order_event_lines", "order_event_id")}`;

/** Names the column's index, since SQLite prefers the primary key, which is already sorted. */
const byColumn = (item: string, table: string, column: string) => `
  select ${item} from ${table} as item indexed by ${table}_${column}
  where dataset_id = ?1 and ${column} = ?2 order by sequence desc limit ${PAGE_ITEMS + 1}`;
const firstPage = (item: string, table: string) => `
  select ${item} from ${table} as item where dataset_id = ?1
  order by sequence desc limit ${PAGE_ITEMS + 1}`;

/** The statements of a read, by path and parameter. ?1 is the dataset, and ?2 the parameter's value. */
const READS: Record<string, string[]> = {
  "/v2/orders": [
    "select order_count as total from datasets where id = ?1",
    firstPage(ORDER, "orders"),
  ],
  "/v2/orders?id": [byColumn(ORDER, "orders", "id")],
  "/v2/orders?partner_order_id": [byColumn(ORDER, "orders", "partner_order_id")],
  "/v2/orders?starting_after": [
    "select order_count as total from datasets where id = ?1",
    `select ${ORDER} from orders as item where dataset_id = ?1
      and sequence < (select sequence from orders where dataset_id = ?1 and id = ?2)
      order by sequence desc limit ${PAGE_ITEMS + 1}`,
  ],
  "/v2/order_events": [
    "select order_event_count as total from datasets where id = ?1",
    firstPage(EVENT, "order_events"),
  ],
  "/v2/order_events?order_event_id": [byColumn(EVENT, "order_events", "order_event_id")],
  "/v2/order_events?order_id": [byColumn(EVENT, "order_events", "order_id")],
  "/v2/order_events?network_transaction_id": [
    byColumn(EVENT, "order_events", "network_transaction_id"),
  ],
};

const INSERT_CHANGE = `insert into order_changes
  (dataset_id, order_id, version, change, order_event_id, request_id, changed_at,
    captured_amount, refunded_amount, captured_rewards_amount, refunded_rewards_amount)
  values (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 0)`;
const INSERT_ORDER = `insert into orders
  (dataset_id, sequence, id, version, payment_method_id, partner_order_id,
    total_order_amount, total_rewards_amount, currency, created_at, updated_at, line_count)
  values (?1, (select coalesce(max(sequence), 0) + 1 from orders where dataset_id = ?1),
    ?2, 1, ?3, ?4, ?5, ?6, 'USD', ?7, ?7, 1)`;
const INSERT_EVENT = `insert into order_events
  (dataset_id, sequence, order_event_id, order_id, type, amount, rewards_amount, currency,
    network_transaction_id, payment_method_id, line_count)
  values (?1, (select coalesce(max(sequence), 0) + 1 from order_events where dataset_id = ?1),
    ?2, ?3, ?4, ?5, ?6, 'USD', ?7, ?8, 1)`;
const COUNT_EVENT = `insert into reconciliations
  (dataset_id, network_transaction_id, created_at, event_captured, event_count) values (?, ?, ?, ?, 1)
  on conflict (dataset_id, network_transaction_id) do update set
    event_captured = event_captured + excluded.event_captured, event_count = event_count + 1`;
const INSERT_LINE = (table: string, parent: string) => `insert into ${table}
  (dataset_id, ${parent}, position, name, quantity, rate, rewards_rate) values (?, ?, 0, ?, ?, ?, ?)`;
const INSERT_ORDER_LINE = INSERT_LINE("order_lines", "order_id");
const INSERT_EVENT_LINE = INSERT_LINE("order_event_lines", "order_event_id");
const UPDATE_ORDER = `update orders set version = ?3, event_count = event_count + 1,
  captured_amount = captured_amount + ?4, captured_rewards_amount = captured_rewards_amount + ?5
  where dataset_id = ?1 and id = ?2`;

interface Line {
  name: string;
  quantity: number;
  rate: number;
  rewards_rate: number;
}

interface OrderInput {
  id: string;
  payment_method_id: string;
  partner_order_id: string;
  total_order_amount: number;
  total_rewards_amount: number;
  order_lines: [Line];
}

interface EventInput {
  order_event_id: string;
  order_id: string;
  type: string;
  amount: number;
  rewards_amount: number;
  network_transaction_id: string;
  order_lines: [Line];
}

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (request.method === "GET") return respondToRead(env.DB, url);
    if (url.pathname === "/v2/orders") {
      const order = await request.json<OrderInput>();
      return respond(order, await create(env.DB, order));
    }
    const event = await request.json<EventInput>();
    return respond(event, await env.ORDER_LEDGER.getByName(event.order_id).append(event));
  },
} satisfies ExportedHandler<Env>;

async function respondToRead(database: D1Database, url: URL): Promise<Response> {
  const [[parameter, value] = []] = url.searchParams;
  const statements = READS[parameter ? `${url.pathname}?${parameter}` : url.pathname]!.map((sql) =>
    database.prepare(sql).bind(DATASET_ID, ...(sql.includes("?2") ? [value] : [])),
  );
  const results =
    statements.length === 1 ? [await statements[0]!.all()] : await database.batch(statements);
  return respond({ data: results.at(-1)!.results.slice(0, PAGE_ITEMS) }, costOf(results));
}

/** The rows that D1 reports as read and written. */
interface Cost {
  read: number;
  written: number;
}

function costOf(results: D1Result[]): Cost {
  const cost = { read: 0, written: 0 };
  for (const { meta } of results) {
    cost.read += meta.rows_read;
    cost.written += meta.rows_written;
  }
  return cost;
}

function respond(body: unknown, { read, written }: Cost): Response {
  const timing = `d1;desc="queries=1 rows_read=${read} rows_written=${written}"`;
  return Response.json(body, { headers: { "Server-Timing": timing } });
}

/** Creates an order without its object, since nothing else can know the order yet. */
async function create(DB: D1Database, order: OrderInput): Promise<Cost> {
  const { name, quantity, rate, rewards_rate } = order.order_lines[0];
  return costOf(
    await DB.batch([
      DB.prepare(INSERT_CHANGE).bind(
        DATASET_ID,
        order.id,
        1,
        "CREATED",
        null,
        crypto.randomUUID(),
        TIME,
        0,
        0,
      ),
      DB.prepare(INSERT_ORDER).bind(
        DATASET_ID,
        order.id,
        order.payment_method_id,
        order.partner_order_id,
        order.total_order_amount,
        order.total_rewards_amount,
        TIME,
      ),
      DB.prepare(INSERT_ORDER_LINE).bind(DATASET_ID, order.id, name, quantity, rate, rewards_rate),
      DB.prepare("update datasets set order_count = order_count + 1 where id = ?").bind(DATASET_ID),
    ]),
  );
}

interface OrderState {
  version: number;
  payment_method_id: string;
}

/** Required by the configuration. The ceiling records and streams nothing. */
export class Workbench extends DurableObject {}
export class PartnerStreams extends DurableObject {}

export class OrderLedger extends DurableObject<Env> {
  /** The order's state, read once: a warm order writes without reading, as in the sandbox. */
  #order?: Promise<OrderState>;

  async append(event: EventInput): Promise<Cost> {
    const { DB } = this.env;
    const { order_event_id, order_id, amount, rewards_amount } = event;
    const order = await (this.#order ??= this.#load(order_id));
    const version = (order.version += 1);
    const { name, quantity, rate, rewards_rate } = event.order_lines[0];
    return costOf(
      await DB.batch([
        DB.prepare(INSERT_CHANGE).bind(
          DATASET_ID,
          order_id,
          version,
          "EVENT_APPENDED",
          order_event_id,
          crypto.randomUUID(),
          TIME,
          amount,
          rewards_amount,
        ),
        DB.prepare(INSERT_EVENT).bind(
          DATASET_ID,
          order_event_id,
          order_id,
          event.type,
          amount,
          rewards_amount,
          event.network_transaction_id,
          order.payment_method_id,
        ),
        DB.prepare(COUNT_EVENT).bind(DATASET_ID, event.network_transaction_id, TIME, amount),
        DB.prepare(INSERT_EVENT_LINE).bind(
          DATASET_ID,
          order_event_id,
          name,
          quantity,
          rate,
          rewards_rate,
        ),
        DB.prepare(UPDATE_ORDER).bind(DATASET_ID, order_id, version, amount, rewards_amount),
        DB.prepare(
          "update datasets set order_event_count = order_event_count + 1 where id = ?",
        ).bind(DATASET_ID),
      ]),
    );
  }

  async #load(orderId: string): Promise<OrderState> {
    const order = await this.env.DB.prepare(
      "select version, payment_method_id from orders where dataset_id = ? and id = ?",
    )
      .bind(DATASET_ID, orderId)
      .first<OrderState>();
    return order!;
  }
}
