import type { Context } from "hono";
import { toTimestamp } from "../domain/timestamp.ts";
import { fillWorld } from "../ledger/fixtures.ts";
import { resetEnded, resetEnvironment } from "../store/environments.ts";
import type { AppEnv } from "./context.ts";
import { requestOf } from "./ledger.ts";
import { reached, workbenchOf } from "./workbench.ts";
import { inAnyWorld } from "./world.ts";

/** The longest that a reset takes: what is sent meanwhile belongs to the world before. */
const RESET_MILLISECONDS = 10_000;
/** How far the clocks of two machines may be apart. */
const CLOCK_MILLISECONDS = 10;

/**
 * Makes the key's environment as new. What was sent before this is answered changes nothing in the new world,
 * on whichever machine it runs: so the answer waits until the clocks are past the reset.
 */
export async function resetWorld(c: Context<AppEnv>): Promise<void> {
  const now = Date.now();
  const { world, fixture } = await inAnyWorld(c, (scope) =>
    resetEnvironment(scope, toTimestamp(new Date(now)), now + RESET_MILLISECONDS),
  );
  Object.assign(c.get("apiKey"), world, { reset_at: now + RESET_MILLISECONDS });
  await reached(c, workbenchOf(c).reset(world.world_id));
  const reset_at = await inAnyWorld(c, async (scope) => {
    await fillWorld(scope, fixture, requestOf(c));
    const end = Date.now() + CLOCK_MILLISECONDS;
    await resetEnded(scope, end);
    return end;
  });
  Object.assign(c.get("apiKey"), { reset_at });
  while (Date.now() <= reset_at) await scheduler.wait(reset_at + 1 - Date.now());
}
