import type { Quota } from "../domain/quotas.ts";

/**
 * D1 reports a failed statement as an Error whose message is SQLite's, or has such a one as its cause.
 * Everything that depends on those sentences is here.
 */

function messagesOf(error: unknown): string {
  return error instanceof Error ? `${error.message}\n${messagesOf(error.cause)}` : "";
}

/** The columns of the unique constraint that refused a write, as `table.column`, or none if it wasn't one. */
export function violatedUniqueColumns(error: unknown): string[] {
  const columns = /UNIQUE constraint failed: ([\w., ]+)/.exec(messagesOf(error))?.[1];
  return columns?.split(", ") ?? [];
}

/** Whether a change was refused because its order is not in the version that it follows: see `insertChange`. */
export function violatesFence(error: unknown): boolean {
  return /(UNIQUE|NOT NULL) constraint failed: (?:[\w., ]+, )?(?:order_changes|transactions)\.version/.test(
    messagesOf(error),
  );
}

/** Whether a network_transaction_id belongs to another transaction: see `countTransaction`. */
export function violatesNetworkId(error: unknown): boolean {
  return /NOT NULL constraint failed: reconciliations\.card_captured/.test(messagesOf(error));
}

const QUOTA_COLUMNS: Record<string, Quota> = {
  order_count: "orders",
  order_event_count: "order_events",
  transaction_count: "transactions",
  stored_bytes: "bytes",
};

/** The quota that a batch would have exceeded: see `countUsage`. */
export function exceededQuota(error: unknown): Quota | undefined {
  const column = /NOT NULL constraint failed: datasets\.(\w+)/.exec(messagesOf(error))?.[1];
  return column === undefined ? undefined : QUOTA_COLUMNS[column];
}

/** Whether an environment was refused because its partner has enough of them: see `insertEnvironment`. */
export function isBeyondEnvironments(error: unknown): boolean {
  return /NOT NULL constraint failed: environments\.partner_id/.test(messagesOf(error));
}

/** Whether a batch was refused because its environment has another dataset by now, or faults: see `Dataset`. */
export function isSuperseded(error: unknown): boolean {
  return /malformed JSON/.test(messagesOf(error));
}

/** Whether a row was refused because it refers to none, or because others refer to it. */
export function violatesForeignKey(error: unknown): boolean {
  return /FOREIGN KEY constraint failed/.test(messagesOf(error));
}

/** Whether the database has no tables yet: its migrations were never applied. */
export function isUnmigrated(error: unknown): boolean {
  return /no such table/.test(messagesOf(error));
}

/** What SQLite and D1 call our own mistakes: a statement or a value that is wrong. */
const OWN_MISTAKE =
  /SQLITE_(ERROR|CONSTRAINT|MISMATCH|RANGE|TOOBIG|AUTH|MISUSE)|D1_(EXEC|TYPE)_ERROR|D1_COLUMN_NOTFOUND/;

/**
 * Whether the database doesn't answer, is busy, or is full, rather than refused a statement: the same request
 * may well go through later. What D1 documents: https://developers.cloudflare.com/d1/observability/debug-d1/
 */
export function isUnavailable(error: unknown): boolean {
  return error instanceof DatabaseError && !OWN_MISTAKE.test(messagesOf(error));
}

/** Another request came first. Nothing was written: the same request runs again. */
export class Overtaken extends Error {}

/** The environment has another dataset, or a fault that this isolate doesn't know. */
export class DatasetSuperseded extends Overtaken {}

/** What D1 has thrown, as its cause. */
export class DatabaseError extends Error {
  constructor(cause: unknown) {
    super("D1 failed", { cause });
  }
}
