import type { Context } from "hono";
import { toTimestamp } from "../domain/timestamp.ts";
import type { AppEnv } from "../http/context.ts";
import { ApiError } from "../http/errors.ts";
import { logError } from "../log.ts";
import {
  findClosedEnvironments,
  removeClosedDatasets,
  removeEnvironments,
  type Removal,
} from "../store/dataset-removal.ts";
import { Database } from "../store/database.ts";
import type { Dataset } from "../store/dataset.ts";
import { closeExpiredEnvironments } from "../store/close-environments.ts";
import { countClosedDatasets, MAX_CLOSED_DATASETS } from "../store/reset.ts";
import { findExpired } from "../store/readiness.ts";
import { preserveVerdicts } from "./readiness.ts";
import { QueryBudget } from "../store/query-budget.ts";

/** The D1 queries of one sweep. */
const SWEEP_QUERIES = 40;
/** The maximum number of sweeps in an hourly job. Each calls up to 120 workbenches; an invocation may call 1,000. */
const MAX_HOURLY_SWEEPS = 8;
/** The minimum time between two sweeps for a partner in an isolate. */
export const SWEEP_INTERVAL_MILLISECONDS = 5_000;

/** When this isolate last swept for each partner. Times older than the interval are removed. */
const sweptAt = new Map<number, number>();

/**
 * After the response, closes expired environments of any partner, and deletes closed ones of the caller's partner. Does
 * nothing if this isolate did so for the partner within SWEEP_INTERVAL_MILLISECONDS.
 */
export function sweepAfterResponse(c: Context<AppEnv>): void {
  const { partner_id } = c.get("apiKey");
  if (!isSweepDue(partner_id, Date.now())) return;
  const db = new Database(c.env.DB);
  c.executionCtx.waitUntil(
    closeExpired(c.env, db, toTimestamp(new Date()))
      .then(() => sweepClosed(c.env, db, partner_id))
      .catch((error) =>
        logError("closed datasets not swept", error, { request_id: c.get("requestId") }),
      ),
  );
}

/** Closes the environments that have expired, and stores their readiness verdicts first. */
async function closeExpired(env: Cloudflare.Env, db: Database, now: string): Promise<void> {
  const expired = await findExpired(db, now);
  await preserveVerdicts(env, db, expired);
  const checked = expired.map(({ environment_id }) => environment_id);
  await closeExpiredEnvironments(db, now, checked);
}

function isSweepDue(partner_id: number, now: number): boolean {
  for (const [id, time] of sweptAt) {
    if (time + SWEEP_INTERVAL_MILLISECONDS > now) break;
    sweptAt.delete(id);
  }
  if (sweptAt.has(partner_id)) return false;
  sweptAt.set(partner_id, now);
  return true;
}

/** Throws a 429 if too many closed datasets of the partner are waiting for a sweep. */
export async function requireFewClosedDatasets(dataset: Dataset): Promise<void> {
  if ((await countClosedDatasets(dataset)) >= MAX_CLOSED_DATASETS) throw tooManyClosedDatasets();
}

export function tooManyClosedDatasets(): ApiError {
  const seconds = SWEEP_INTERVAL_MILLISECONDS / 1_000;
  return new ApiError(
    {
      type: "RATE_LIMIT_ERROR",
      message: `${MAX_CLOSED_DATASETS} datasets of this partner are waiting to be deleted, the maximum. Send this request again after ${seconds} seconds.`,
    },
    { "Retry-After": String(seconds) },
  );
}

/** Deletes a limited number of closed datasets and environments, of all partners if `partner_id` is null. */
export async function sweepClosed(
  env: Cloudflare.Env,
  db: Database,
  partner_id: number | null,
): Promise<Removal> {
  const budget = new QueryBudget(db, SWEEP_QUERIES);
  const datasets = await removeClosedDatasets(budget, partner_id);
  if (!datasets.isDone) return datasets;
  const closed = await findClosedEnvironments(db, partner_id);
  for (const id of closed) await env.WORKBENCH.getByName(String(id)).destroy();
  const { deleted_rows, isDone } = await removeEnvironments(budget, closed);
  return { deleted_rows: datasets.deleted_rows + deleted_rows, isDone };
}

/** Closes expired environments and deletes closed ones, oldest first. Returns how many rows it deleted. */
export async function sweepHourly(
  env: Cloudflare.Env,
  budget: QueryBudget,
  now: string,
): Promise<number> {
  let rows = 0;
  for (let sweep = 0; sweep < MAX_HOURLY_SWEEPS && budget.allows(SWEEP_QUERIES); sweep += 1) {
    await closeExpired(env, budget.db, now);
    const { deleted_rows, isDone } = await sweepClosed(env, budget.db, null);
    rows += deleted_rows;
    if (isDone) break;
  }
  return rows;
}
