import type { Context } from "hono";
import type { NewFault, StoredFault } from "../domain/faults.ts";
import { toTimestamp } from "../domain/timestamp.ts";
import type { Page, PageRequest } from "../store/pages.ts";
import type { AppEnv } from "./context.ts";
import { ApiError } from "./errors.ts";
import { inWorkbench } from "./dataset.ts";

/** Adds a fault; 409 where there are too many. */
export async function addFault(
  c: Context<AppEnv>,
  { fault: name, times = 1, skip = 0, delay_ms = 0, match = {} }: NewFault,
): Promise<StoredFault> {
  const fault: StoredFault = {
    id: crypto.randomUUID(),
    fault: name,
    times,
    remaining: times,
    skip,
    delay_ms,
    match,
    created_at: toTimestamp(new Date()),
  };
  const added = await inWorkbench(c, (workbench, dataset) => workbench.addFault(dataset, fault));
  if (!added.ok) throw new ApiError(added.refusal);
  // Here at once; the other isolates hear of it by D1.
  c.get("apiKey").has_faults = true;
  return added.result;
}

export function listFaults(
  c: Context<AppEnv>,
  page: PageRequest,
): Promise<Page<StoredFault> | undefined> {
  return inWorkbench(c, (workbench, dataset) => workbench.listFaults(dataset, page));
}

/** 404 where there is no such fault. */
export async function removeFault(c: Context<AppEnv>, id: string): Promise<void> {
  if (await inWorkbench(c, (workbench, dataset) => workbench.removeFault(dataset, id))) return;
  throw new ApiError({
    type: "FAULT_NOT_FOUND_ERROR",
    param: "fault_id",
    message: `There is no fault ${id}: it was removed, or has acted as often as it was to.`,
  });
}

export async function removeFaults(c: Context<AppEnv>): Promise<void> {
  await inWorkbench(c, (workbench, dataset) => workbench.removeFaults(dataset));
}
