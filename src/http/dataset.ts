import type { Context } from "hono";
import { configOf } from "../config.ts";
import { unavailable } from "../domain/errors.ts";
import { findDataset } from "../store/current-dataset.ts";
import { DatasetSuperseded, Overtaken } from "../store/failures.ts";
import { Dataset } from "../store/dataset.ts";
import type { DatasetRef, DatasetReply } from "../workbench/dataset-ref.ts";
import type { Workbench } from "../workbench/workbench.ts";
import type { AppEnv } from "./context.ts";
import { ApiError, unauthenticated } from "./errors.ts";
import { takeFault } from "./faults.ts";
import { awaitReply, workbenchOf } from "./workbench.ts";

/** The maximum number of attempts. It suffices for 32 concurrent requests on one transaction. */
const MAX_ATTEMPTS = 16;
/** The maximum random wait before the second attempt. It doubles with each attempt, up to MAX_WAIT_MILLISECONDS. */
const FIRST_WAIT_MILLISECONDS = 20;
const MAX_WAIT_MILLISECONDS = 2_000;

/**
 * Runs `work` in the current dataset of the key's environment. Requests access their own environment's data through
 * here. If another request came first (a reset, the addition of the environment's first fault or webhook, or a change
 * of the same order or transaction), nothing was written, and `work` runs again. Throws a 401 if the environment was
 * deleted.
 */
export async function inCurrentDataset<T>(
  c: Context<AppEnv>,
  work: (dataset: Dataset) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const { environment_id, dataset_id, has_faults, has_webhooks, assume } = c.get("apiKey");
    const known = { environment_id, dataset_id, has_faults, has_webhooks, assume };
    c.set("datasetId", dataset_id);
    try {
      return await work(new Dataset(c.get("db"), known, configOf(c.env).quotas));
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
      if (error instanceof DatasetSuperseded) await learnDataset(c);
      else await waitForOthers(attempt);
    }
  }
  throw new ApiError(
    unavailable(
      `The sandbox tried this ${MAX_ATTEMPTS} times, and each time other requests came first.`,
    ),
  );
}

/** Waits for a random time, so that competing requests spread out. */
function waitForOthers(attempt: number): Promise<void> {
  const longest = Math.min(FIRST_WAIT_MILLISECONDS * 2 ** attempt, MAX_WAIT_MILLISECONDS);
  return scheduler.wait(Math.random() * longest);
}

/** Reads the current dataset into the isolate's cached key. */
async function learnDataset(c: Context<AppEnv>): Promise<void> {
  const key = c.get("apiKey");
  const dataset = await findDataset(c.get("db"), key.environment_id);
  if (!dataset) throw unauthenticated("The environment of this API key was deleted.");
  Object.assign(key, dataset);
  if (dataset.has_faults) await takeFault(c);
}

/** Calls the environment's workbench in the current dataset. */
export function queryWorkbench<T>(
  c: Context<AppEnv>,
  call: (workbench: DurableObjectStub<Workbench>, dataset: DatasetRef) => Promise<DatasetReply<T>>,
): Promise<T> {
  return inCurrentDataset(c, async ({ known: { environment_id, dataset_id } }) => {
    const reply = call(workbenchOf(c), { environment_id, dataset_id });
    const result = await awaitReply(c, reply);
    if (result === "superseded") throw new DatasetSuperseded();
    return result;
  });
}
