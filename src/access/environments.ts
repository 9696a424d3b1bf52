import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { Fixture } from "../domain/environments.ts";
import { toTimestamp } from "../domain/timestamp.ts";
import type { AppEnv } from "../http/context.ts";
import { ApiError } from "../http/errors.ts";
import { requestOf } from "../http/ledger.ts";
import { logError } from "../log.ts";
import { Database } from "../store/database.ts";
import { Dataset } from "../store/dataset.ts";
import {
  closeEnvironment,
  closeExpiredEnvironments,
  hasEnvironment,
  insertEnvironment,
  MAX_ENVIRONMENTS,
} from "../store/environments.ts";
import {
  findClosedEnvironments,
  removeEnvironments,
  sweepDatasets,
  type Removal,
} from "../store/closed-datasets.ts";
import { addFixture } from "../store/fixtures.ts";
import { keyCache } from "./key-cache.ts";
import { createKey, createKeyInEnvironment, generateKey } from "./keys.ts";

/** How many round trips a step of a sweep takes at most, and how many steps the hourly one: a Worker may make 1,000 requests. */
const STEP_ROUND_TRIPS = 40;
const HOURLY_STEPS = 6;

/** What is asked for in a new environment. */
interface EnvironmentInput {
  name?: string | undefined;
  expires_in_seconds: number;
  strict: boolean;
  fixture: Fixture;
}

/** 403 to the keys of other environments than a partner's first one: they control their own environment alone. */
export const requireFirstEnvironment = createMiddleware<AppEnv>(async (c, next) => {
  if (c.get("apiKey").expires_at === null) return next();
  throw new ApiError({
    type: "FORBIDDEN_ERROR",
    message:
      "Expected a key of the partner's first environment, which makes and deletes the others.",
  });
});

/** Makes an environment with its first key, which nobody can be shown again. 409 where there are too many. */
export async function createEnvironment(c: Context<AppEnv>, input: EnvironmentInput) {
  const { key, stored } = await generateKey(c);
  const { created_at } = stored;
  const expires = Date.parse(created_at) + input.expires_in_seconds * 1_000;
  const expires_at = toTimestamp(new Date(expires));
  const { name = null, strict, fixture } = input;
  const environment = { name, is_strict: strict, fixture, created_at, expires_at };
  const { partner_id } = c.get("apiKey");
  const known = await insertEnvironment(c.get("db"), partner_id, environment, stored);
  if (known === "too many") throw tooManyEnvironments();
  await addFixture(new Dataset(c.get("db"), known, undefined), fixture, requestOf(c));
  return { environment: { id: known.environment_id, ...environment }, key };
}

/** Creates a key for one of the partner's environments. 404 if the partner has no such environment. */
export async function createEnvironmentKey(c: Context<AppEnv>, id: number) {
  const { partner_id, environment_id } = c.get("apiKey");
  // In its own environment, a key is recorded as the creator of the new one.
  if (id === environment_id) return createKey(c);
  const isThere = await hasEnvironment(c.get("db"), partner_id, id, toTimestamp(new Date()));
  if (!isThere) throw unknownEnvironment(id);
  return createKeyInEnvironment(c, id);
}

/**
 * Deletes a partner's environment: its keys and its data are gone at once, in every isolate. What it has is
 * deleted after the answer. 404 where the partner has none of this id, 409 where it is its first one.
 */
export async function deleteEnvironment(c: Context<AppEnv>, id: number): Promise<void> {
  const db = c.get("db");
  const { partner_id } = c.get("apiKey");
  const now = toTimestamp(new Date());
  if (!(await closeEnvironment(db, partner_id, id, now))) {
    if (await hasEnvironment(db, partner_id, id, now)) throw firstEnvironment();
    throw unknownEnvironment(id);
  }
  keyCache.forgetEnvironment(id);
  sweepAfterwards(c);
}

/** Deletes some of what is closed, after the answer: whoever closes datasets sees to it that they don't pile up. */
export function sweepAfterwards(c: Context<AppEnv>): void {
  const db = new Database(c.env.DB);
  c.executionCtx.waitUntil(
    closeExpiredEnvironments(db, toTimestamp(new Date()))
      .then(() => sweepEnvironments(c.env, db, c.get("apiKey").partner_id))
      .catch((error) =>
        logError("closed datasets were not swept", error, { request_id: c.get("requestId") }),
      ),
  );
}

/** Deletes what is closed, of one partner or of all, with the workbenches: one step. */
export async function sweepEnvironments(
  env: Pick<Cloudflare.Env, "WORKBENCH">,
  db: Database,
  partner_id: number | null,
): Promise<Removal> {
  const datasets = await sweepDatasets(db, partner_id, STEP_ROUND_TRIPS);
  if (!datasets.isDone) return datasets;
  const closed = await findClosedEnvironments(db, partner_id);
  for (const id of closed) await env.WORKBENCH.getByName(String(id)).destroy();
  const { deleted_rows, isDone } = await removeEnvironments(db, closed, STEP_ROUND_TRIPS);
  return { deleted_rows: datasets.deleted_rows + deleted_rows, isDone };
}

/** Closes what has expired, and deletes what is closed, in bounded steps: what is left is for the next hour. */
export async function sweepExpired(
  env: Pick<Cloudflare.Env, "WORKBENCH">,
  db: Database,
  now: string,
): Promise<number> {
  let rows = 0;
  for (let step = 0; step < HOURLY_STEPS; step += 1) {
    await closeExpiredEnvironments(db, now);
    const { deleted_rows, isDone } = await sweepEnvironments(env, db, null);
    rows += deleted_rows;
    if (isDone) break;
  }
  return rows;
}

function tooManyEnvironments(): ApiError {
  return new ApiError({
    type: "CONFLICT_ERROR",
    message: `This partner has ${MAX_ENVIRONMENTS} environments, the most there can be: delete one first.`,
    details: { limit: MAX_ENVIRONMENTS },
  });
}

function firstEnvironment(): ApiError {
  return new ApiError({
    type: "CONFLICT_ERROR",
    message:
      "This is the partner's first environment, which stays. POST /sandbox/reset makes it as new.",
  });
}

function unknownEnvironment(id: number): ApiError {
  return new ApiError({
    type: "ENVIRONMENT_NOT_FOUND_ERROR",
    param: "environment_id",
    message: `There is no environment ${id}.`,
  });
}
