import type { Context } from "hono";
import type { TransactionDefaults } from "../domain/transactions.ts";
import type { Outcome } from "../domain/outcome.ts";
import { ERROR_TYPES } from "../schemas/errors.ts";
import type { AppEnv } from "./context.ts";
import { bareError } from "./errors.ts";
import { resultOrThrow } from "./ledger.ts";
import { derivedId, newNetworkTransactionId, timeOrderedId } from "./new-ids.ts";

/** Values for whatever a simulated event leaves out. */
export async function transactionDefaults(payment_method_id: string): Promise<TransactionDefaults> {
  const now = new Date();
  return {
    transaction_id: timeOrderedId(now.getTime()),
    event_id: crypto.randomUUID(),
    network_transaction_id: newNetworkTransactionId(),
    customer_id: await derivedId(`customer of ${payment_method_id}`),
    created_at: now.toJSON(),
  };
}

/** The result of a simulation; a 409 has the published bare form. */
export function simulationResultOf<T>(c: Context<AppEnv>, outcome: Outcome<T>): T {
  if (!outcome.ok && ERROR_TYPES[outcome.refusal.type].status === 409)
    throw bareError(outcome.refusal);
  return resultOrThrow(c, outcome);
}
