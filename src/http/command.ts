import type { Context } from "hono";
import type { IdempotencyKey } from "../domain/idempotency.ts";
import { sendToLedger } from "../ledger/client.ts";
import type { Command } from "../ledger/commands.ts";
import type { CommandName, CommandOf, OutcomeOf } from "../ledger/order-ledger.ts";
import { originOf, type AppEnv } from "./context.ts";
import { ApiError } from "./errors.ts";
import { markReplayed } from "./idempotency.ts";

/**
 * Has the ledger of an order run a command for the request's partner, and answers what came of it. A
 * refusal is thrown as the error that it is over HTTP; a repeated request is marked as such.
 */
export async function runCommand<Name extends CommandName>(
  c: Context<AppEnv>,
  name: Name,
  orderId: string,
  content: Omit<CommandOf<Name>, keyof Command>,
  idempotency?: IdempotencyKey,
): Promise<Extract<OutcomeOf<Name>, { ok: true }>> {
  const command = {
    ...content,
    partner_id: c.get("apiKey").partner_id,
    order_id: orderId,
    origin: originOf(c, idempotency),
  } as CommandOf<Name>;
  const outcome = await sendToLedger(c.env, c.get("db"), name, command);
  if (!outcome.ok) throw new ApiError(outcome.refusal);
  if (outcome.replayed) markReplayed(c);
  return outcome as Extract<OutcomeOf<Name>, { ok: true }>;
}
