import type { Context } from "hono";
import { logError } from "../log.ts";
import type { Dataset } from "../store/dataset.ts";
import type { TransactionDefaults } from "../domain/transactions.ts";
import type { Outcome } from "../domain/outcome.ts";
import { ERROR_TYPES } from "../schemas/errors.ts";
import type { AppEnv } from "./context.ts";
import { inCurrentDataset } from "./dataset.ts";
import { bareError } from "./errors.ts";
import { resultOrThrow } from "./ledger.ts";
import { addWorkbenchRows, awaitWorkbench, workbenchOf } from "./workbench.ts";
import { derivedId, newNetworkTransactionId, timeOrderedId } from "./new-ids.ts";

/** Generates the values that a simulated event may leave out. */
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

/** Like `resultOrThrow`, but throws a 409 in the published bare form. */
export function simulationResultOf<T>(c: Context<AppEnv>, outcome: Outcome<T>): T {
  if (!outcome.ok && ERROR_TYPES[outcome.refusal.type].status === 409)
    throw bareError(outcome.refusal);
  return resultOrThrow(c, outcome);
}

/**
 * Simulates events in the current dataset. If the environment has webhooks, its workbench sets an alarm before the
 * commit, so that a crash after the commit loses no notification. After the commit, it delivers.
 */
export function simulate<T>(
  c: Context<AppEnv>,
  work: (dataset: Dataset) => Promise<T>,
): Promise<T> {
  return inCurrentDataset(c, async (dataset) => {
    const { environment_id, dataset_id, has_webhooks } = dataset.known;
    if (!has_webhooks) return work(dataset);
    const workbench = workbenchOf(c);
    const ref = { environment_id, dataset_id };
    addWorkbenchRows(c, await awaitWorkbench(c, workbench.notifications().expect(ref)));
    const result = await work(dataset);
    c.executionCtx.waitUntil(
      workbench
        .notifications()
        .deliver(ref)
        .catch((error) => logError("deliveries not started", error, { dataset_id })),
    );
    return result;
  });
}
