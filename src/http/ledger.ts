import type { Context } from "hono";
import { effectiveKey } from "../domain/assumptions.ts";
import { refuse } from "../domain/decision.ts";
import { unavailable } from "../domain/errors.ts";
import { sha256 } from "../domain/sha256.ts";
import { toTimestamp } from "../domain/timestamp.ts";
import { NOT_REPEATABLE, warningsOfRefusal } from "../domain/warnings.ts";
import type { Outcome } from "../domain/outcome.ts";
import type { Reply } from "../ledger/commands.ts";
import type { OrderLedger } from "../ledger/order-ledger.ts";
import { logError } from "../log.ts";
import { DatasetSuperseded, Overtaken } from "../store/failures.ts";
import type { RequestMetadata } from "../store/order-changes.ts";
import { locationHint, type AppEnv } from "./context.ts";
import { ApiError } from "./errors.ts";
import { warn } from "./warnings.ts";

/** The ledger of an order in the request's environment. */
export function ledgerOf(c: Context<AppEnv>, orderId: string): DurableObjectStub<OrderLedger> {
  // An environment's number can't contain a colon, so no two orders share a name.
  const name = `${c.get("apiKey").environment_id}:${orderId}`;
  return c.env.ORDER_LEDGER.getByName(name, locationHint(c.env));
}

/**
 * The fingerprint of a request's method, path and validated content. It stays the same if fields
 * are reordered, nulls are added or left out, or timestamps are formatted differently. Sending a default explicitly
 * changes it, because omitted defaults are filled in later.
 */
function fingerprintOf(c: Context<AppEnv>, content: unknown): Promise<string> {
  return sha256(`${c.req.method} ${c.req.path}\n${JSON.stringify(content)}`);
}

/** The metadata that a change stores about its request. */
export function requestOf(c: Context<AppEnv>): RequestMetadata {
  return { request_id: c.get("requestId"), received_at: toTimestamp(new Date()) };
}

/** A POST, with the Idempotency-Key and IDs that make it safe to repeat. */
interface Post {
  key: string | undefined;
  ids: (string | undefined)[];
  content: unknown;
}

/** The metadata of a POST, with its Idempotency-Key. */
export async function repeatableRequest(
  c: Context<AppEnv>,
  { key: sent, content }: Pick<Post, "key" | "content">,
): Promise<RequestMetadata> {
  const key = effectiveKey(sent, c.get("apiKey").assume);
  return {
    ...requestOf(c),
    ...(key !== undefined && {
      idempotency: { key, fingerprint: await fingerprintOf(c, content) },
    }),
  };
}

/** The fields that all commands on an order share. Adds a warning if nothing makes a POST safe to repeat. */
export async function newCommand(c: Context<AppEnv>, orderId: string, post?: Post) {
  c.set("orderId", orderId);
  const request = post ? await repeatableRequest(c, post) : requestOf(c);
  if (post && !request.idempotency && post.ids.every((id) => id === undefined)) {
    warn(c, NOT_REPEATABLE);
  }
  return { order_id: orderId, request };
}

/**
 * Waits for a ledger's reply and adds its cost to the request's. Throws `Overtaken` if another request came first. If
 * the ledger can't be reached, the command may or may not have been executed.
 */
export async function awaitOutcome<T>(
  c: Context<AppEnv>,
  reply: Promise<Reply<T>>,
): Promise<Outcome<T>> {
  const received = await reply.catch((error: unknown) => {
    logError("ledger not reached", error, { request_id: c.get("requestId") });
    return undefined;
  });
  if (!received) return refuse(unavailable("The order's ledger could not be reached."));
  const { outcome, cost } = received;
  c.get("db").addCost(cost);
  if (outcome === "dataset superseded") throw new DatasetSuperseded();
  if (outcome === "order changed") throw new Overtaken();
  return outcome;
}

/** Sets a command's warnings and headers, and returns its result. Throws a refusal as an `ApiError`. */
export function resultOrThrow<T>(c: Context<AppEnv>, outcome: Outcome<T>): T {
  warn(c, ...(outcome.ok ? outcome.warnings : warningsOfRefusal(outcome.refusal)));
  if (!outcome.ok) throw new ApiError(outcome.refusal);
  const { version } = outcome;
  if (version !== undefined) c.set("versions", { before: version - 1, after: version });
  if (outcome.replayed) c.header("Idempotent-Replayed", "true");
  return outcome.result;
}
