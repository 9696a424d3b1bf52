import type { Context } from "hono";
import { refuse } from "../domain/decision.ts";
import type { IdempotencyKey } from "../domain/idempotency.ts";
import { unavailable } from "../ledger/commands.ts";
import { earlierAnswer } from "../ledger/idempotency.ts";
import type { Origin } from "../store/order-changes.ts";
import type { AppEnv } from "./context.ts";
import { ApiError } from "./errors.ts";
import { hashOf } from "./secrets.ts";

/**
 * The request's Idempotency-Key with the fingerprint of what it asks for: its method, its path and its
 * validated content, so that two spellings of one request are the same.
 */
export async function idempotencyOf(
  c: Context<AppEnv>,
  key: string | undefined,
  content: unknown,
): Promise<IdempotencyKey | undefined> {
  if (key === undefined) return undefined;
  const request = `${c.req.method} ${c.req.path}\n${JSON.stringify(content)}`;
  return { key, fingerprint: await hashOf(request) };
}

/** The answer that was kept for the request's Idempotency-Key, where that turned out to have been used. */
export async function replay<T>(c: Context<AppEnv>, origin: Origin): Promise<T> {
  const outcome =
    (await earlierAnswer<T>(c.get("db"), c.get("apiKey").partner_id, origin)) ??
    refuse(unavailable("The Idempotency-Key expired at this very moment."));
  if (!outcome.ok) throw new ApiError(outcome.refusal);
  markReplayed(c);
  return outcome.value;
}

/** Says that the request had taken effect before, and nothing was done now. */
export function markReplayed(c: Context<AppEnv>): void {
  c.header("Idempotent-Replayed", "true");
}
