import { and, eq, gte, lt, sql, type SQL } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { RequestFilter } from "../domain/requests.ts";
import { requests } from "./schema.ts";

type Conditions = {
  [Name in keyof RequestFilter]-?: (wanted: string) => SQL | undefined;
};

const CONDITIONS: Conditions = {
  method: (method) => eq(requests.method, method.toUpperCase()),
  path: exactOrPrefix(requests.path),
  status: hasStatus,
  order_id: exactOrPrefix(requests.order_id),
  partner_order_id: exactOrPrefix(requests.partner_order_id),
  order_event_id: exactOrPrefix(requests.order_event_id),
  partner_event_id: exactOrPrefix(requests.partner_event_id),
  network_transaction_id: exactOrPrefix(requests.network_transaction_id),
  request_id: exactOrPrefix(requests.request_id),
  since: (time) => gte(requests.at, Date.parse(time)),
};

export function conditionOf(filter: RequestFilter): SQL | undefined {
  const wanted = Object.entries(filter).filter(([, content]) => content !== undefined);
  return and(...wanted.map(([name, content]) => CONDITIONS[name as keyof Conditions](content)));
}

function exactOrPrefix(column: SQLiteColumn): (wanted: string) => SQL {
  return (wanted) => {
    if (!wanted.endsWith("*")) return eq(column, wanted);
    const prefix = wanted.slice(0, -1);
    return sql`substr(${column}, 1, length(${prefix})) = ${prefix}`;
  };
}

function hasStatus(status: string): SQL | undefined {
  if (!status.endsWith("xx")) return eq(requests.status, Number(status));
  const least = Number(status[0]) * 100;
  return and(gte(requests.status, least), lt(requests.status, least + 100));
}
