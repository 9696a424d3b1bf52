import type { Context } from "hono";
import { logError } from "../log.ts";
import type { DatasetReply } from "../workbench/dataset-ref.ts";
import type { RowCounts } from "../workbench/row-counter.ts";
import type { Workbench } from "../workbench/workbench.ts";
import { locationHint, type AppEnv } from "./context.ts";
import { ApiError } from "./errors.ts";

/** The workbench of the request's environment. */
export function workbenchOf(c: Context<AppEnv>): DurableObjectStub<Workbench> {
  return findWorkbench(c.env, c.get("apiKey").environment_id);
}

/** The workbench of an environment. */
export function findWorkbench(
  env: Cloudflare.Env,
  environmentId: number,
): DurableObjectStub<Workbench> {
  return env.WORKBENCH.getByName(String(environmentId), locationHint(env));
}

/** Awaits a call to the workbench. Throws a 503 if the call fails. */
export async function awaitWorkbench<T>(c: Context<AppEnv>, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    logError("workbench not reached", error, { request_id: c.get("requestId") });
    throw new ApiError({
      type: "SERVICE_UNAVAILABLE_ERROR",
      message: "The environment's workbench could not be reached. Send the same request again.",
    });
  }
}

/** A write to a workbench may also change a flag of its environment in D1. */
const FLAG_ROWS = 1;

/** Adds to the request's rows those that a workbench read and wrote. They count towards the partner's limit. */
export function addWorkbenchRows(c: Context<AppEnv>, { rows_read, rows_written }: RowCounts): void {
  const flag = rows_written > 0 ? FLAG_ROWS : 0;
  addRows(c, { rows_read, rows_written: rows_written + flag });
}

/** Adds rows to those that count towards the partner's limit, but not towards the request's cost in D1. */
export function addRows(c: Context<AppEnv>, { rows_read, rows_written }: RowCounts): void {
  const before = c.get("uncostedRows") ?? { rows_read: 0, rows_written: 0 };
  c.set("uncostedRows", {
    rows_read: before.rows_read + rows_read,
    rows_written: before.rows_written + rows_written,
  });
}

/** Ends the deliveries and streams of a deleted environment after the response, and deletes its logs. */
export function destroyWorkbench(c: Context<AppEnv>, environmentId: number): void {
  c.executionCtx.waitUntil(
    findWorkbench(c.env, environmentId)
      .destroy()
      .catch((error) =>
        logError("workbench not destroyed", error, { request_id: c.get("requestId") }),
      ),
  );
}

/** Closes the streams of one of an environment's keys after the response. */
export function closeStreams(c: Context<AppEnv>, environmentId: number, keyId: number): void {
  c.executionCtx.waitUntil(
    findWorkbench(c.env, environmentId)
      .closeStreams(keyId)
      .catch((error) => logError("streams not closed", error, { request_id: c.get("requestId") })),
  );
}

/** Waits for a workbench's reply about a dataset, adds its rows to the request's, and returns its result. */
export async function awaitReply<T>(
  c: Context<AppEnv>,
  reply: Promise<DatasetReply<T>>,
): Promise<DatasetReply<T>["result"]> {
  const { result, rows } = await awaitWorkbench(c, reply);
  if (rows) addWorkbenchRows(c, rows);
  return result;
}
