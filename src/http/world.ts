import type { Context } from "hono";
import { quotasOf } from "../domain/quotas.ts";
import { unavailable } from "../ledger/refusals.ts";
import { findWorld } from "../store/environments.ts";
import { WorldChanged } from "../store/failures.ts";
import { Scope } from "../store/scope.ts";
import type { Workbench, WorkbenchReply, WorldName } from "../workbench/workbench.ts";
import type { AppEnv } from "./context.ts";
import { ApiError, unauthenticated } from "./errors.ts";
import { takeFault } from "./faults.ts";
import { reached, workbenchOf } from "./workbench.ts";

/** How often a request is decided anew because its environment has changed meanwhile. */
const MAX_ATTEMPTS = 5;

/**
 * Does something in the current world of the key's environment: the one way to an environment's data. An
 * isolate remembers for a while which world that is. Where it has another one by now, nothing was done, and
 * it is done again in that one. 401 where the environment is gone, and 409 to a change that was sent before a
 * reset: the new world is for what comes after.
 */
export async function inWorld<T>(
  c: Context<AppEnv>,
  work: (scope: Scope) => Promise<T>,
): Promise<T> {
  return inAnyWorld(c, async (scope) => {
    if (c.req.method !== "GET") await requireSentSinceReset(c);
    return work(scope);
  });
}

/** The same for what is done whichever world there is: a reset. */
export async function inAnyWorld<T>(
  c: Context<AppEnv>,
  work: (scope: Scope) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    try {
      return await work(new Scope(c.get("db"), worldOf(c), quotasOf(c.env)));
    } catch (error) {
      if (!(error instanceof WorldChanged)) throw error;
      await learnWorld(c);
    }
  }
  throw new ApiError(unavailable("The environment changed again and again."));
}

function worldOf(c: Context<AppEnv>) {
  const { environment_id, world_id, is_armed } = c.get("apiKey");
  return { environment_id, world_id, is_armed };
}

async function requireSentSinceReset(c: Context<AppEnv>): Promise<void> {
  const wasSentBefore = () => c.get("receivedAt") <= c.get("apiKey").reset_at;
  if (!wasSentBefore()) return;
  // While a reset runs, this is in the future.
  await learnWorld(c);
  if (!wasSentBefore()) return;
  throw new ApiError({
    type: "CONFLICT_ERROR",
    message: "The environment was reset while this request ran. Nothing of it was done.",
  });
}

/** Reads what is true of the environment now. The key is the one that the isolate remembers, so it knows as well. */
async function learnWorld(c: Context<AppEnv>): Promise<void> {
  const key = c.get("apiKey");
  const world = await findWorld(c.get("db"), key.environment_id);
  if (!world) throw unauthenticated("The environment of this API key was deleted.");
  Object.assign(key, world);
  if (world.is_armed) await takeFault(c);
}

/** What the workbench answers in the environment's current world. */
export function inWorkbench<T>(
  c: Context<AppEnv>,
  ask: (workbench: DurableObjectStub<Workbench>, world: WorldName) => Promise<WorkbenchReply<T>>,
): Promise<T> {
  return inWorld(c, async ({ world: { environment_id, world_id } }) => {
    const reply = ask(workbenchOf(c), { environment_id, world_id });
    const { answer } = await reached(c, reply);
    if (answer === "over") throw new WorldChanged();
    return answer;
  });
}
