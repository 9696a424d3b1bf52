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
  return /(UNIQUE|NOT NULL) constraint failed: (?:[\w., ]+, )?order_changes\.version/.test(
    messagesOf(error),
  );
}

const QUOTA_COLUMNS: Record<string, Quota> = {
  order_count: "orders",
  order_event_count: "order_events",
  stored_bytes: "bytes",
};

/** The quota that a batch would have exceeded: see `countUsage`. */
export function exceededQuota(error: unknown): Quota | undefined {
  const column = /NOT NULL constraint failed: environments\.(\w+)/.exec(messagesOf(error))?.[1];
  return column === undefined ? undefined : QUOTA_COLUMNS[column];
}

/** Whether a row was refused because it refers to none, or because others refer to it. */
export function violatesForeignKey(error: unknown): boolean {
  return /FOREIGN KEY constraint failed/.test(messagesOf(error));
}

/** Whether the database has no tables yet: its migrations were never applied. */
export function isUnmigrated(error: unknown): boolean {
  return /no such table/.test(messagesOf(error));
}

/** Whether D1 itself failed, rather than refused a statement: the same request may well go through later. */
export function isUnavailable(error: unknown): boolean {
  const messages = messagesOf(error);
  return /D1_ERROR/.test(messages) && !/SQLITE_/.test(messages);
}
