import type { Quota } from "../domain/quotas.ts";

/*
 * D1 reports a failed statement as an Error with SQLite's message, or as one caused by such an Error. Only this file
 * depends on the wording. test/store/failures.test.ts compares it with D1's own errors.
 */

function messagesOf(error: unknown): string {
  return error instanceof Error ? `${error.message}\n${messagesOf(error.cause)}` : "";
}

/** The columns of a violated unique constraint, as `table.column`; none for any other error. */
export function violatedUniqueColumns(error: unknown): string[] {
  const columns = /UNIQUE constraint failed: ([\w., ]+)/.exec(messagesOf(error))?.[1];
  return columns?.split(", ") ?? [];
}

/** Whether a change was decided on an outdated version of its order or transaction: see `insertChange`. */
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

/** Whether the partner has the maximum number of environments: see `insertEnvironment`. */
export function isBeyondEnvironments(error: unknown): boolean {
  return /NOT NULL constraint failed: environments\.partner_id/.test(messagesOf(error));
}

/** Whether a batch's dataset was superseded, or has faults or webhooks unknown to this isolate: see `Dataset`. */
export function isSuperseded(error: unknown): boolean {
  return /malformed JSON/.test(messagesOf(error));
}

/** Whether the migrations were never applied. */
export function isUnmigrated(error: unknown): boolean {
  return /no such table/.test(messagesOf(error));
}

/** The codes of SQLite and D1 for an invalid statement or value: our bug. */
const OUR_MISTAKE =
  /SQLITE_(ERROR|CONSTRAINT|MISMATCH|RANGE|TOOBIG|AUTH|MISUSE)|D1_(EXEC|TYPE)_ERROR|D1_COLUMN_NOTFOUND/;

/**
 * Whether the database is unreachable, busy or full, so that the same request may succeed later. See
 * https://developers.cloudflare.com/d1/observability/debug-d1/
 */
export function isUnavailable(error: unknown): boolean {
  return error instanceof DatabaseError && !OUR_MISTAKE.test(messagesOf(error));
}

/** Another request came first. Nothing was written: the same request runs again. */
export class Overtaken extends Error {}

/** The environment has another dataset, or faults or webhooks that this isolate doesn't know. */
export class DatasetSuperseded extends Overtaken {}

/** Wraps an error that D1 threw. */
export class DatabaseError extends Error {
  constructor(cause: unknown) {
    super("D1 failed", { cause });
  }
}
