import { sql } from "drizzle-orm";
import type { IdempotencyKey } from "../domain/idempotency.ts";
import type { LedgerTotals, OrderedTotals } from "../domain/ledger-state.ts";
import type { OrderChange } from "../domain/order-changes.ts";
import {
  placeholder,
  DatasetStatement,
  ifCurrent,
  type BoundDatasetStatement,
} from "./database.ts";
import type { Dataset } from "./dataset.ts";
import { insertInto, placeholdersFor } from "./rows.ts";
import { orderChanges, orderedFields, totalFields } from "./order-schema.ts";

/** The request that makes a change. `received_at` is RFC 3339. */
export interface RequestMetadata {
  request_id: string;
  received_at: string;
  idempotency?: IdempotencyKey | undefined;
}

/** A change of an order, as its history records it. */
interface Change {
  change: OrderChange;
  /** The order's state after the change. The database chooses the version of a new order. */
  state: LedgerTotals & OrderedTotals & { id: string; version?: number };
  order_event_id?: string;
  request: RequestMetadata;
}

export const ofOrder = sql`dataset_id = ${placeholder("dataset_id")} and order_id = ${placeholder("order_id")}`;

/** The last version of `order_id`; null for a new ID. A deleted order's last version counts too: a reused ID continues it. */
export const lastVersion = sql<number>`(select max(version) from order_changes where ${ofOrder})`;

const values = {
  dataset_id: ifCurrent(placeholder("dataset_id")),
  order_id: placeholder("order_id"),
  change: placeholder("change"),
  order_event_id: placeholder("order_event_id"),
  request_id: placeholder("request_id"),
  changed_at: placeholder("changed_at"),
  ...placeholdersFor(orderedFields),
  ...placeholdersFor(totalFields),
};

const insertFirst = DatasetStatement.of(
  insertInto(orderChanges, { ...values, version: sql`coalesce(${lastVersion}, 0) + 1` }),
);

// The fence. If the order was deleted or changed, the new version is NULL, which the column rejects.
const insertNext = DatasetStatement.of(
  insertInto(orderChanges, {
    ...values,
    version: sql`(
      select version + 1 from orders
      where dataset_id = ${placeholder("dataset_id")} and id = ${placeholder("order_id")}
        and version = ${placeholder("version")} - 1)`,
  }),
);

/**
 * Records a change of an order in its history. It is also the fence: the batch fails if the order has changed since it
 * was read. So it comes before the other writes to the order.
 */
export function insertChange(dataset: Dataset, change: Change): BoundDatasetStatement {
  const { state, request, order_event_id = null } = change;
  const statement = state.version === undefined ? insertFirst : insertNext;
  return statement.bind(dataset, {
    ...state,
    order_id: state.id,
    change: change.change,
    order_event_id,
    request_id: request.request_id,
    changed_at: request.received_at,
  });
}
