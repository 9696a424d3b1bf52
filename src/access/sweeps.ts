import type { Context } from "hono";
import { toTimestamp } from "../domain/timestamp.ts";
import type { AppEnv } from "../http/context.ts";
import { logError } from "../log.ts";
import { Database } from "../store/database.ts";
import { closeExpiredEnvironments } from "../store/environments.ts";
import {
  findClosedEnvironments,
  removeEnvironments,
  sweepDatasets,
  type Removal,
} from "../store/closed-datasets.ts";

/** The most round trips of one step, and the most steps of the hourly job: a Worker may make 1,000 requests. */
const STEP_ROUND_TRIPS = 40;
const HOURLY_STEPS = 6;

/** Deletes some closed data of the partner after the response, so that it doesn't accumulate. */
export function sweepAfterResponse(c: Context<AppEnv>): void {
  const db = new Database(c.env.DB);
  c.executionCtx.waitUntil(
    closeExpiredEnvironments(db, toTimestamp(new Date()))
      .then(() => sweepClosed(c.env, db, c.get("apiKey").partner_id))
      .catch((error) =>
        logError("closed datasets not swept", error, { request_id: c.get("requestId") }),
      ),
  );
}

/** One step: deletes closed datasets, then closed environments with their workbenches, of one partner or of all. */
export async function sweepClosed(
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

/** Closes expired environments and deletes closed data, in bounded steps. The next hour continues. */
export async function sweepHourly(
  env: Pick<Cloudflare.Env, "WORKBENCH">,
  db: Database,
  now: string,
): Promise<number> {
  let rows = 0;
  for (let step = 0; step < HOURLY_STEPS; step += 1) {
    await closeExpiredEnvironments(db, now);
    const { deleted_rows, isDone } = await sweepClosed(env, db, null);
    rows += deleted_rows;
    if (isDone) break;
  }
  return rows;
}
