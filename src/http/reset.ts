import type { Context } from "hono";
import { toTimestamp } from "../domain/timestamp.ts";
import { fillDataset } from "../ledger/fixtures.ts";
import { resetEnded, resetEnvironment } from "../store/environments.ts";
import type { AppEnv } from "./context.ts";
import { requestOf } from "./ledger.ts";
import { callWorkbench, workbenchOf } from "./workbench.ts";
import { inAnyDataset } from "./dataset.ts";

/** The longest that a reset takes: what is sent meanwhile belongs to the dataset before. */
const RESET_MILLISECONDS = 10_000;
/** How far the clocks of two machines may be apart. */
const CLOCK_MILLISECONDS = 10;

/**
 * Makes the key's environment as new. What was sent before this is answered changes nothing in the new dataset,
 * on whichever machine it runs: so the answer waits until the clocks are past the reset.
 */
export async function resetDataset(c: Context<AppEnv>): Promise<void> {
  const now = Date.now();
  const { known, fixture } = await inAnyDataset(c, (dataset) =>
    resetEnvironment(dataset, toTimestamp(new Date(now)), now + RESET_MILLISECONDS),
  );
  Object.assign(c.get("apiKey"), known, { reset_at: now + RESET_MILLISECONDS });
  await callWorkbench(c, workbenchOf(c).reset(known.dataset_id));
  const reset_at = await inAnyDataset(c, async (dataset) => {
    await fillDataset(dataset, fixture, requestOf(c));
    const end = Date.now() + CLOCK_MILLISECONDS;
    await resetEnded(dataset, end);
    return end;
  });
  Object.assign(c.get("apiKey"), { reset_at });
  while (Date.now() <= reset_at) await scheduler.wait(reset_at + 1 - Date.now());
}
