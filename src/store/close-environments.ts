import { sql, type SQL } from "drizzle-orm";
import { placeholder, Statement, type Database } from "./database.ts";

/** The maximum number of environments that one statement closes. */
const CLOSED_ENVIRONMENTS = 500;

/** Statements that close the environments that match a condition, and their datasets. */
function closing(condition: SQL) {
  const closed = sql`
    from environments where ${condition} and dataset_id is not null
    order by id limit ${CLOSED_ENVIRONMENTS}`;
  return [
    Statement.of(
      sql<{ id: number }>`
        update datasets set closed_at = ${placeholder("now")} where id in (select dataset_id ${closed})`,
    ),
    Statement.of(
      sql<{ id: number }>`
        update environments set dataset_id = null where id in (select id ${closed}) returning id`,
    ),
  ] as const;
}

/** Environments of a partner. */
export const ofPartner = sql`environments.partner_id = ${placeholder("partner_id")}`;
/** The same, or environments of all partners if `partner_id` is null. */
export const ofAnyPartner = sql`(${placeholder("partner_id")} is null or ${ofPartner})`;
const closeOne = closing(
  sql`id = ${placeholder("id")} and ${ofPartner} and expires_at is not null`,
);
// A used environment is closed only after its readiness was checked and stored.
const closeExpired = closing(sql`
  expires_at <= ${placeholder("now")} and ${ofAnyPartner} and (
    id in (select value from json_each(${placeholder("checked")})) or not exists (
      select 1 from api_keys where environment_id = environments.id and last_used_at is not null))`);
const closeAll = closing(ofPartner);

/**
 * Closes a partner's environment: no isolate reads or writes it any more, and a sweep deletes it. Returns false for an
 * unknown environment and for the partner's first one. One round trip.
 */
export async function closeEnvironment(
  db: Database,
  partner_id: number,
  id: number,
  now: string,
): Promise<boolean> {
  const [, closed] = await db.run(
    closeOne[0].bind({ partner_id, id, now }),
    closeOne[1].bind({ partner_id, id }),
  );
  return closed.length > 0;
}

/**
 * Closes expired environments, of all partners if `partner_id` is null, at most CLOSED_ENVIRONMENTS: those whose
 * readiness was checked, and those that were never used. One round trip.
 */
export async function closeExpiredEnvironments(
  db: Database,
  { now, partner_id }: { now: string; partner_id: number | null },
  environmentIds: number[],
): Promise<void> {
  const values = { now, partner_id, checked: JSON.stringify(environmentIds) };
  await db.run(closeExpired[0].bind(values), closeExpired[1].bind(values));
}

/** Closes environments of a partner, at most CLOSED_ENVIRONMENTS. One round trip. */
export async function closeEnvironmentsOf(
  db: Database,
  partner_id: number,
  now: string,
): Promise<void> {
  await db.run(closeAll[0].bind({ partner_id, now }), closeAll[1].bind({ partner_id }));
}
