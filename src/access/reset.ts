import type { Context } from "hono";
import type { AppEnv } from "../http/context.ts";
import { inCurrentDataset } from "../http/dataset.ts";
import { requestOf } from "../http/ledger.ts";
import { awaitWorkbench, workbenchOf } from "../http/workbench.ts";
import * as store from "../store/reset.ts";
import { tooManyClosedDatasets } from "./sweeps.ts";

/** Resets the key's environment. Every concurrent request takes effect either before the reset or after it. */
export async function resetEnvironment(c: Context<AppEnv>): Promise<void> {
  const known = await inCurrentDataset(c, (dataset) =>
    store.resetEnvironment(dataset, requestOf(c)),
  );
  if (!known) throw tooManyClosedDatasets();
  Object.assign(c.get("apiKey"), known);
  await awaitWorkbench(c, workbenchOf(c).reset(known.dataset_id));
}
