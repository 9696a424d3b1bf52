import { and, count, desc, sql, type SQL } from "drizzle-orm";
import { withoutNulls } from "../domain/complete.ts";
import { MAX_COUNTED_ORDERS, type RequestCounts, type RequestFilter } from "../domain/requests.ts";
import type { Warning } from "../domain/warnings.ts";
import type { WorkbenchDatabase } from "./database.ts";
import { conditionOf } from "./request-filter.ts";
import { requests } from "./schema.ts";

/** The maximum number of kinds of errors, and of warnings. Each new field name that a client sends adds a kind. */
const MAX_KINDS = 100;

export const NO_REQUESTS: RequestCounts = {
  total: 0,
  by_status: [],
  by_method: [],
  by_error: [],
  by_warning: [],
};

/** Counts all requests that match the filter. */
export function countRequests(database: WorkbenchDatabase, filter: RequestFilter): RequestCounts {
  const matching = conditionOf(filter);
  const statusClass = sql<string | null>`cast(${requests.status} / 100 as text) || 'xx'`;
  const errorType = sql<string>`${requests.remarks} ->> '$.error.type'`;
  const errorParam = sql<string | null>`${requests.remarks} ->> '$.error.param'`;
  const by_status = database
    .select({ status: statusClass, count: count() })
    .from(requests)
    .where(matching)
    .groupBy(statusClass)
    .orderBy(desc(count()))
    .all();
  const by_method = database
    .select({ method: requests.method, count: count() })
    .from(requests)
    .where(matching)
    .groupBy(requests.method)
    .orderBy(desc(count()))
    .all();
  const errors = database
    .select({ type: errorType, param: errorParam, count: count() })
    .from(requests)
    .where(and(matching, sql`${errorType} is not null`))
    .groupBy(errorType, errorParam)
    .orderBy(desc(count()), errorType, errorParam)
    .limit(MAX_KINDS)
    .all();
  return {
    total: by_status.reduce((total, each) => total + each.count, 0),
    by_status,
    by_method,
    by_error: errors.map(withoutNulls),
    by_warning: countWarnings(database, matching).map(({ order_ids, ...row }) =>
      withoutNulls(Object.assign(row, { order_ids: JSON.parse(order_ids) as string[] })),
    ),
  };
}

interface WarningCount {
  code: Warning["code"];
  param: string | null;
  count: number;
  order_ids: string;
}

/** In plain SQL: Drizzle's builder can't select from a table-valued function. */
function countWarnings(database: WorkbenchDatabase, matching: SQL | undefined): WarningCount[] {
  return database.all<WarningCount>(sql`
    with warned as (
      select value ->> '$.code' as code, value ->> '$.param' as param, order_id, sequence
      from ${requests}, json_each(${requests.remarks}, '$.warnings')
      where ${matching ?? sql`true`} and json_type(${requests.remarks}, '$.warnings') = 'array'
    ), by_order as (
      select code, param, order_id, count(*) as count,
        row_number() over (partition by code, param order by max(sequence) desc) as place
      from warned group by code, param, order_id
    )
    select code, param, sum(count) as count, json_group_array(order_id order by place)
      filter (where order_id is not null and place <= ${MAX_COUNTED_ORDERS}) as order_ids
    from by_order group by code, param order by 3 desc, 1, 2 limit ${MAX_KINDS}`);
}
