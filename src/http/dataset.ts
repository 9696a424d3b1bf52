import type { Context } from "hono";
import { quotasOf } from "../domain/quotas.ts";
import { unavailable } from "../ledger/refusals.ts";
import { findDataset } from "../store/environments.ts";
import { DatasetSuperseded } from "../store/failures.ts";
import { Dataset } from "../store/dataset.ts";
import type { DatasetRef, DatasetReply } from "../workbench/dataset-ref.ts";
import type { Workbench } from "../workbench/workbench.ts";
import type { AppEnv } from "./context.ts";
import { ApiError, unauthenticated } from "./errors.ts";
import { takeFault } from "./faults.ts";
import { callWorkbench, workbenchOf } from "./workbench.ts";

/** How often a request is decided anew because its environment has changed meanwhile. */
const MAX_ATTEMPTS = 5;

/**
 * Does something in the current dataset of the key's environment: the one way to an environment's data. An
 * isolate remembers for a while which dataset that is. Where it has another one by now, nothing was done, and
 * it is done again in that one. 401 where the environment is gone, and 409 to a change that was sent before a
 * reset: the new dataset is for what comes after.
 */
export async function inCurrentDataset<T>(
  c: Context<AppEnv>,
  work: (dataset: Dataset) => Promise<T>,
): Promise<T> {
  return inAnyDataset(c, async (dataset) => {
    if (c.req.method !== "GET") await requireSentSinceReset(c);
    return work(dataset);
  });
}

/** The same for what is done whichever dataset there is: a reset. */
export async function inAnyDataset<T>(
  c: Context<AppEnv>,
  work: (dataset: Dataset) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    try {
      return await work(new Dataset(c.get("db"), datasetOf(c), quotasOf(c.env)));
    } catch (error) {
      if (!(error instanceof DatasetSuperseded)) throw error;
      await learnDataset(c);
    }
  }
  throw new ApiError(unavailable("The environment changed again and again."));
}

function datasetOf(c: Context<AppEnv>) {
  const { environment_id, dataset_id, has_faults } = c.get("apiKey");
  return { environment_id, dataset_id, has_faults };
}

async function requireSentSinceReset(c: Context<AppEnv>): Promise<void> {
  const wasSentBefore = () => c.get("receivedAt") <= c.get("apiKey").reset_at;
  if (!wasSentBefore()) return;
  // While a reset runs, this is in the future.
  await learnDataset(c);
  if (!wasSentBefore()) return;
  throw new ApiError({
    type: "CONFLICT_ERROR",
    message: "The environment was reset while this request ran. Nothing of it was done.",
  });
}

/** Reads what is true of the environment now. The key is the one that the isolate remembers, so it knows as well. */
async function learnDataset(c: Context<AppEnv>): Promise<void> {
  const key = c.get("apiKey");
  const dataset = await findDataset(c.get("db"), key.environment_id);
  if (!dataset) throw unauthenticated("The environment of this API key was deleted.");
  Object.assign(key, dataset);
  if (dataset.has_faults) await takeFault(c);
}

/** Calls the workbench of the environment, in the environment's current dataset. */
export function queryWorkbench<T>(
  c: Context<AppEnv>,
  call: (workbench: DurableObjectStub<Workbench>, dataset: DatasetRef) => Promise<DatasetReply<T>>,
): Promise<T> {
  return inCurrentDataset(c, async ({ known: { environment_id, dataset_id } }) => {
    const { result } = await callWorkbench(c, call(workbenchOf(c), { environment_id, dataset_id }));
    if (result === "superseded") throw new DatasetSuperseded();
    return result;
  });
}
