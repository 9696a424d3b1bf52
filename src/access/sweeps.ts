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

/** The maximum number of D1 queries that a sweep uses to delete rows. */
export const SWEEP_QUERIES = 40;
/** A sweep starts only if this many queries are left. */
const MIN_SWEEP_QUERIES = 10;
/** A sweep closes at most this many expired environments that had requests. Each takes a query and a call. */
const MAX_EXPIRED = 20;
/** To close expired environments, a sweep sends this many queries, and one for each that had requests. */
const CLOSING_QUERIES = 3;
/** The maximum number of sweeps in an hourly job. Each calls up to 120 workbenches, and the platform allows 1,000. */
const MAX_HOURLY_SWEEPS = 8;
/** The minimum time between two sweeps for a partner in an isolate. */
export const SWEEP_INTERVAL_MILLISECONDS = 5_000;

/** When this isolate last swept for each partner. Times older than the interval are removed. */
const sweptAt = new Map<number, number>();

/**
 * After the response, closes expired environments of the caller's partner, and deletes closed ones. Does nothing if
 * this isolate did so for the partner within SWEEP_INTERVAL_MILLISECONDS.
 */
export function sweepAfterResponse(c: Context<AppEnv>): void {
  const { partner_id } = c.get("apiKey");
  if (!isSweepDue(partner_id, Date.now())) return;
  const db = new Database(c.env.DB);
  c.executionCtx.waitUntil(
    closeExpired(c.env, db, { now: toTimestamp(new Date()), partner_id, limit: MAX_EXPIRED })
      .then(() => sweepClosed(c.env, new QueryBudget(db, SWEEP_QUERIES), partner_id))
      .catch((error) =>
        logError("closed datasets not swept", error, { request_id: c.get("requestId") }),
      ),
  );
}

/**
 * Closes the expired environments of a partner, or of all partners if `partner_id` is null. Of those that had requests,
 * it closes at most `limit`, and stores their readiness verdicts first. Sends up to `limit` + CLOSING_QUERIES queries.
 */
async function closeExpired(
  env: Cloudflare.Env,
  db: Database,
  expired: { now: string; partner_id: number | null; limit: number },
): Promise<void> {
  const used = await findExpired(db, expired);
  await preserveVerdicts(env, db, used);
  const checked = used.map(({ environment_id }) => environment_id);
  await closeExpiredEnvironments(db, expired, checked);
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
  budget: QueryBudget,
  partner_id: number | null,
): Promise<Removal> {
  const datasets = await removeClosedDatasets(budget, partner_id);
  if (!datasets.isDone) return datasets;
  if (!budget.allows(1)) return { ...datasets, isDone: false };
  const closed = await findClosedEnvironments(budget.db, partner_id);
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
  for (let sweep = 0; sweep < MAX_HOURLY_SWEEPS && budget.allows(MIN_SWEEP_QUERIES); sweep += 1) {
    // Closing uses at most half of the remaining queries: deleting needs the others.
    const limit = Math.min(MAX_EXPIRED, Math.floor(budget.left / 2) - CLOSING_QUERIES);
    await closeExpired(env, budget.db, { now, partner_id: null, limit });
    const { deleted_rows, isDone } = await sweepClosed(env, budget.part(SWEEP_QUERIES), null);
    rows += deleted_rows;
    if (isDone) break;
  }
  return rows;
}
