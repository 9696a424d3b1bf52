/** The benchmark's data, written directly into D1: n orders, each with a line and an event, which has a line too. */
import { globSync, readFileSync } from "node:fs";
import type { Database } from "./servers.ts";

/** A partner of the local seed. */
export interface Partner {
  dataset_id: number;
  key: string;
}

export const PARTNER_A: Partner = { dataset_id: 1, key: "test_sandbox_a" };
export const PARTNER_B: Partner = { dataset_id: 2, key: "test_sandbox_b" };

/** How many orders one step adds. It keeps each statement short. */
const STEP_ORDERS = 20_000;

/** The IDs in a row. Rows are numbered from 1. */
export const rowIds = (row: number) => ({
  order: `order-${row}`,
  partnerOrder: `partner-order-${row}`,
  event: `event-${row}`,
  transaction: `transaction-${row}`,
});

const TIME = "'2025-01-01T00:00:00Z'";
const LINE = {
  position: "0",
  name: "'Lamp'",
  quantity: "2",
  rate: "2500",
  rewards_rate: "25",
};
const CAPTURED = { captured_amount: "5000", captured_rewards_amount: "50" };
const CHANGE = {
  order_id: "'order-' || n",
  request_id: "'bench'",
  changed_at: TIME,
  refunded_amount: "0",
  refunded_rewards_amount: "0",
};

/**
 * Each column's value, as SQL of the row number `n`. A table uses those of the columns that it has. Parents
 * come before their children.
 */
const ROWS: [table: string, columns: Record<string, string>][] = [
  [
    "orders",
    {
      sequence: "n",
      id: "'order-' || n",
      version: "2",
      payment_method_id: "'payment-method-1'",
      partner_order_id: "'partner-order-' || n",
      line_count: "1",
      total_order_amount: "5000",
      total_rewards_amount: "50",
      currency: "'USD'",
      created_at: TIME,
      updated_at: TIME,
      event_count: "1",
      ...CAPTURED,
    },
  ],
  ["order_lines", { order_id: "'order-' || n", ...LINE }],
  [
    "order_events",
    {
      sequence: "n",
      order_event_id: "'event-' || n",
      order_id: "'order-' || n",
      type: "'CAPTURED'",
      amount: "5000",
      rewards_amount: "50",
      currency: "'USD'",
      network_transaction_id: "'transaction-' || n",
      payment_method_id: "'payment-method-1'",
      line_count: "1",
    },
  ],
  [
    "reconciliations",
    {
      network_transaction_id: "'transaction-' || n",
      created_at: TIME,
      event_captured: "5000",
      event_count: "1",
    },
  ],
  ["order_event_lines", { order_event_id: "'event-' || n", ...LINE }],
  [
    "order_changes",
    {
      ...CHANGE,
      version: "1",
      change: "'CREATED'",
      captured_amount: "0",
      captured_rewards_amount: "0",
    },
  ],
  [
    "order_changes",
    {
      ...CHANGE,
      version: "2",
      change: "'EVENT_APPENDED'",
      order_event_id: "'event-' || n",
      ...CAPTURED,
    },
  ],
];

/** Applies the migrations and the local seed. */
export async function migrate(database: Database): Promise<void> {
  for (const file of globSync("drizzle/migrations/*.sql").toSorted()) {
    await execute(database, readFileSync(file, "utf8").split("--> statement-breakpoint"));
  }
  await execute(database, readFileSync("drizzle/seed.sql", "utf8").split(/;\n/));
}

async function execute(database: Database, statements: string[]): Promise<void> {
  const nonEmpty = statements.filter(
    (statement) => statement.replaceAll(/--.*/g, "").trim() !== "",
  );
  await database.batch(nonEmpty.map((statement) => database.prepare(statement)));
}

/** Inserts the rows from 1 to `orders`, and updates the partner's counts. */
export async function load(
  database: Database,
  orders: number,
  { dataset_id } = PARTNER_A,
): Promise<void> {
  const inserts: string[] = [];
  for (const [table, columns] of ROWS) inserts.push(await insertOf(database, table, columns));
  for (let first = 1; first <= orders; first += STEP_ORDERS) {
    const last = Math.min(first + STEP_ORDERS - 1, orders);
    await database.batch(
      inserts.map((insert) => database.prepare(insert).bind(dataset_id, first, last)),
    );
  }
  await database
    .prepare("update datasets set order_count = ?2, order_event_count = ?2 where id = ?1")
    .bind(dataset_id, orders)
    .run();
}

/** The values that a partner's orders and events share after `crowd`. */
export const CROWD = { partnerOrder: "crowd", transaction: "crowd", order: rowIds(1).order };

const CROWDED = [
  `update orders set partner_order_id = '${CROWD.partnerOrder}' where dataset_id = ?1`,
  `update order_events set network_transaction_id = '${CROWD.transaction}', order_id = '${CROWD.order}'
   where dataset_id = ?1`,
  `update orders set (event_count, captured_amount, captured_rewards_amount) = (
     select count(*), coalesce(sum(amount), 0), coalesce(sum(rewards_amount), 0) from order_events
       indexed by order_events_order_id
     where order_events.dataset_id = orders.dataset_id and order_id = orders.id)
   where dataset_id = ?1`,
  "delete from reconciliations where dataset_id = ?1",
  `insert into reconciliations (dataset_id, network_transaction_id, created_at, event_captured, event_count)
   select dataset_id, network_transaction_id, ${TIME}, sum(amount), count(*) from order_events
   where dataset_id = ?1 group by network_transaction_id`,
];

/**
 * Makes a partner's filters match everything: its orders share one `partner_order_id`, and its events share
 * one order and one transaction. The other orders no longer have events, and can be deleted.
 */
export async function crowd(database: Database, { dataset_id }: Partner): Promise<void> {
  await database.batch(CROWDED.map((sql) => database.prepare(sql).bind(dataset_id)));
}

/** The statement that inserts rows ?2 to ?3 of dataset ?1. D1 binds numbers as reals, so the cast keeps "1.0" out of the IDs. */
async function insertOf(
  database: Database,
  table: string,
  columns: Record<string, string>,
): Promise<string> {
  const { results } = await database
    .prepare("select name from pragma_table_info(?)")
    .bind(table)
    .all<{ name: string }>();
  const used = results.flatMap(({ name }): [string, string][] => {
    const value = columns[name];
    return value === undefined ? [] : [[name, value]];
  });
  return `
    with recursive numbers(n) as (select cast(?2 as integer) union all select n + 1 from numbers where n < ?3)
    insert into ${table} (dataset_id, ${used.map(([column]) => column).join(", ")})
    select ?1, ${used.map(([, value]) => value).join(", ")} from numbers`;
}
