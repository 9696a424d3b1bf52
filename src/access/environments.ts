import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { Assumptions } from "../domain/assumptions.ts";
import type { Fixture } from "../domain/environments.ts";
import { toTimestamp } from "../domain/timestamp.ts";
import type { AppEnv } from "../http/context.ts";
import { inCurrentDataset } from "../http/dataset.ts";
import { ApiError } from "../http/errors.ts";
import { requestOf } from "../http/ledger.ts";
import { Dataset } from "../store/dataset.ts";
import { closeEnvironment } from "../store/close-environments.ts";
import { hasEnvironment } from "../store/environments.ts";
import { addFixture } from "../store/fixtures.ts";
import { insertEnvironment, MAX_ENVIRONMENTS } from "../store/new-environments.ts";
import { keyCache } from "./key-cache.ts";
import { findReadinessOfEnvironment } from "../store/readiness.ts";
import { preserveVerdicts } from "./readiness.ts";
import { createKey, createKeyInEnvironment, generateKey } from "./keys.ts";
import { destroyWorkbench } from "../http/workbench.ts";
import { requireFewClosedDatasets, sweepAfterResponse } from "./sweeps.ts";

interface EnvironmentInput {
  name?: string | undefined;
  expires_in_seconds: number;
  strict: boolean;
  fixture: Fixture;
  assume: Assumptions;
}

/** Throws a 403 unless the key belongs to the partner's first environment. Other keys manage only their own environment. */
export const requireFirstEnvironment = createMiddleware<AppEnv>(async (c, next) => {
  requireFirst(c, "create and delete environments");
  await next();
});

/** Throws a 403 unless the key belongs to the partner's first environment. The message ends with `action`. */
export function requireFirst(c: Context<AppEnv>, action: string): void {
  if (c.get("apiKey").expires_at === null) return;
  throw new ApiError({
    type: "FORBIDDEN_ERROR",
    message: `Expected a key of the partner's first environment: only its keys can ${action}.`,
  });
}

/** Creates an environment with its first key. Only this result contains the key. Throws a 409 at the maximum. */
export async function createEnvironment(c: Context<AppEnv>, input: EnvironmentInput) {
  const { key, stored } = await generateKey(c);
  const { created_at } = stored;
  const expires = Date.parse(created_at) + input.expires_in_seconds * 1_000;
  const expires_at = toTimestamp(new Date(expires));
  const { name = null, strict, fixture, assume } = input;
  const environment = { name, is_strict: strict, fixture, assume, created_at, expires_at };
  const { partner_id } = c.get("apiKey");
  const known = await inCurrentDataset(c, async (dataset) => {
    await requireFewClosedDatasets(dataset);
    return insertEnvironment(dataset, partner_id, environment, stored);
  });
  if (known === "too many") {
    // Closes expired environments, so that a later attempt succeeds.
    sweepAfterResponse(c);
    throw tooManyEnvironments();
  }
  await addFixture(new Dataset(c.get("db"), known, undefined), fixture, requestOf(c));
  return { environment: { id: known.environment_id, ...environment }, key };
}

/** Creates a key for one of the partner's environments. Throws a 404 if the partner has no such environment. */
export async function createEnvironmentKey(c: Context<AppEnv>, id: number) {
  const { partner_id, environment_id } = c.get("apiKey");
  // In the caller's own environment, the caller's key is stored as the new key's creator.
  if (id === environment_id) return createKey(c);
  const exists = await hasEnvironment(c.get("db"), partner_id, id, toTimestamp(new Date()));
  if (!exists) throw unknownEnvironment(id);
  return createKeyInEnvironment(c, id);
}

/**
 * Deletes a partner's environment. Its keys stop working everywhere; the rows are deleted after the response.
 * Throws a 404 for an unknown environment, and a 409 for the partner's first one.
 */
export async function deleteEnvironment(c: Context<AppEnv>, id: number): Promise<void> {
  const db = c.get("db");
  const { partner_id } = c.get("apiKey");
  const now = toTimestamp(new Date());
  const source = await findReadinessOfEnvironment(db, partner_id, id);
  // The caller's own environment is the first, which can't be deleted, so its verdicts aren't stored.
  if (source && id !== c.get("apiKey").environment_id) await preserveVerdicts(c.env, db, [source]);
  if (!(await closeEnvironment(db, partner_id, id, now))) {
    if (await hasEnvironment(db, partner_id, id, now)) throw permanentEnvironment();
    throw unknownEnvironment(id);
  }
  keyCache.forget({ environment_id: id });
  // The sweep also destroys the workbench, but may run much later.
  destroyWorkbench(c, id);
  sweepAfterResponse(c);
}

function tooManyEnvironments(): ApiError {
  return new ApiError({
    type: "CONFLICT_ERROR",
    message: `This partner has ${MAX_ENVIRONMENTS} environments, the maximum. Delete one first, or wait until expired ones are closed.`,
    details: { limit: MAX_ENVIRONMENTS },
  });
}

function permanentEnvironment(): ApiError {
  return new ApiError({
    type: "CONFLICT_ERROR",
    message: "The partner's first environment can't be deleted. POST /sandbox/reset empties it.",
  });
}

function unknownEnvironment(id: number): ApiError {
  return new ApiError({
    type: "ENVIRONMENT_NOT_FOUND_ERROR",
    param: "environment_id",
    message: `This partner has no environment ${id}.`,
  });
}
