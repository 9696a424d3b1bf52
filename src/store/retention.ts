import { sql } from "drizzle-orm";
import { CHANGE_BYTES } from "../domain/stored-bytes.ts";
import { placeholder, Statement, type Database } from "./database.ts";
import { eventsUncounted } from "./reconciliation-sums.ts";
import { orderedFields, totalFields } from "./order-schema.ts";
import type { SweepPosition } from "./sweep-positions.ts";

/** The request ID in the history of swept orders. */
export const RETENTION_REQUEST = "retention";
/** The maximum number of orders that one step reads. */
export const STEP_ORDERS = 200;
/** The maximum number of events or changes that one step deletes. */
export const STEP_ROWS = 1_000;

/** An order with the time of its last change. The partner can choose `updated_at`, so it is not used. */
export interface SweptOrder {
  dataset_id: number;
  environment_id: number;
  sequence: number;
  id: string;
  version: number;
  event_count: number;
  changed_at: string;
}

const selectNext = Statement.of(
  sql<SweptOrder>`
    select orders.dataset_id, environment_id, sequence, orders.id, orders.version, event_count, changed_at
    from orders join order_changes as last on last.dataset_id = orders.dataset_id
      and last.order_id = orders.id and last.version = orders.version
    join datasets on datasets.id = orders.dataset_id
    where (orders.dataset_id, sequence) > (${placeholder("dataset_id")}, ${placeholder("sequence")})
    order by orders.dataset_id, sequence limit ${STEP_ORDERS}`,
);
/** The orders after a position, by arrival in each dataset. One round trip, which reads three rows for each order. */
export async function findOrdersAfter(
  db: Database,
  position: Pick<SweepPosition, "dataset_id" | "sequence">,
): Promise<SweptOrder[]> {
  const [orders] = await db.run(selectNext.bind({ ...position }));
  return orders;
}

// The orders that still have the version that the sweep read.
const untouched = sql`
  select orders.* from json_each(${placeholder("orders")}) as seen
  join orders on orders.dataset_id = seen.value ->> 'dataset_id'
    and orders.id = seen.value ->> 'id' and orders.version = seen.value ->> 'version'`;
const untouchedIds = sql`select dataset_id, id from (${untouched})`;

const totals = sql.join(
  Object.keys({ ...orderedFields, ...totalFields }).map((name) => sql.identifier(name)),
  sql`, `,
);

const removals = [
  sql`
    insert into order_changes (dataset_id, order_id, version, change, request_id, changed_at, ${totals})
    select dataset_id, id, version + 1, 'DELETED', ${RETENTION_REQUEST}, ${placeholder("now")}, ${totals}
    from (${untouched})`,
  sql`
    update datasets set order_count = order_count - removed.orders,
      order_event_count = order_event_count - removed.events,
      stored_bytes = stored_bytes - removed.bytes
    from (
      select dataset_id, count(*) as orders, sum(event_count) as events,
        sum(content_bytes - ${CHANGE_BYTES} + (
          select coalesce(sum(content_bytes), 0) from order_events indexed by order_events_order_id
          where order_events.dataset_id = untouched.dataset_id and order_id = untouched.id)) as bytes
      from (${untouched}) as untouched group by dataset_id) as removed
    where datasets.id = removed.dataset_id`,
  ...eventsUncounted(sql`(dataset_id, order_id) in (${untouchedIds})`),
  sql`delete from order_events where (dataset_id, order_id) in (${untouchedIds})`,
  sql`delete from orders where (dataset_id, id) in (${untouchedIds}) returning id`,
].map((statement) => Statement.of(statement as ReturnType<typeof sql<{ id: string }>>));

/**
 * Deletes orders with their events, except orders that changed since they were read. Records the deletion in each
 * order's history. Returns how many orders it deleted. One round trip.
 */
export async function removeUntouched(
  db: Database,
  orders: SweptOrder[],
  now: string,
): Promise<number> {
  const values = { orders: JSON.stringify(orders), now };
  const results = await db.run(...removals.map((removal) => removal.bind(values)));
  return results.at(-1)!.length;
}

/*
 * The changes of orders that were deleted before the cutoff, the longest ago first. An order can be deleted many times:
 * its newest of these deletions covers the earlier ones. Of each order, a step takes at most STEP_ROWS changes, oldest
 * first, so that the deletion itself is removed last, and a step ends with the order that reaches STEP_ROWS.
 * Afterwards, a new order with the same ID starts at version 1 again. That is safe: a ledger that remembered the old
 * versions was evicted long ago.
 */
const oldDeletions = sql`
  select dataset_id, order_id, max(version) as version, min(changed_at) as changed_at from (
    select dataset_id, order_id, version, changed_at from order_changes indexed by order_changes_deleted
    where change = 'DELETED' and changed_at < ${placeholder("cutoff")}
    order by changed_at limit ${STEP_ROWS})
  group by dataset_id, order_id`;
const oldVersions = sql`
  select dataset_id, order_id, first, min(version, first + ${STEP_ROWS} - 1) as last, changed_at from (
    select *, (
      select min(version) from order_changes
      where dataset_id = deletion.dataset_id and order_id = deletion.order_id) as first
    from (${oldDeletions}) as deletion)`;
const oldChanges = sql`
  select old.dataset_id, old.order_id, old.version from (
    select *, sum(last - first + 1) over (
      order by changed_at, dataset_id, order_id) - (last - first + 1) as changes_before
    from (${oldVersions})) as span
  cross join order_changes as old on old.dataset_id = span.dataset_id
    and old.order_id = span.order_id and old.version between span.first and span.last
  where changes_before < ${STEP_ROWS}`;
const uncountChanges = Statement.of(
  sql<never>`
    update datasets set stored_bytes = stored_bytes - removed.bytes
    from (
      select dataset_id, count(*) * ${CHANGE_BYTES} as bytes from (${oldChanges})
      group by dataset_id) as removed
    where id = removed.dataset_id`,
);
const removeChanges = Statement.of(
  sql<{ version: number }>`
    delete from order_changes where (dataset_id, order_id, version) in (${oldChanges})
    returning version`,
);

/**
 * Deletes changes of orders that were deleted before a time (RFC 3339), fewer than 2 × STEP_ROWS. Returns how many, 0
 * if none are left. One round trip.
 */
export async function removeOldHistory(db: Database, cutoff: string): Promise<number> {
  const [, removed] = await db.run(uncountChanges.bind({ cutoff }), removeChanges.bind({ cutoff }));
  return removed.length;
}
