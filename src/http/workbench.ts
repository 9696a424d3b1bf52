import type { Context } from "hono";
import { logError } from "../log.ts";
import type { Workbench } from "../workbench/workbench.ts";
import { nextToDatabase, type AppEnv } from "./context.ts";
import { ApiError } from "./errors.ts";

/** The workbench of the request's environment. A new one is placed next to the database. */
export function workbenchOf(c: Context<AppEnv>): DurableObjectStub<Workbench> {
  return c.env.WORKBENCH.getByName(String(c.get("apiKey").environment_id), nextToDatabase(c));
}

/** Waits for the workbench's reply. Throws a 503 if the workbench can't be reached. */
export async function callWorkbench<T>(c: Context<AppEnv>, reply: Promise<T>): Promise<T> {
  try {
    return await reply;
  } catch (error) {
    logError("workbench not reached", error, { request_id: c.get("requestId") });
    throw new ApiError({
      type: "SERVICE_UNAVAILABLE_ERROR",
      message: "The environment's workbench could not be reached. Send the same request again.",
    });
  }
}

/** Closes, after the answer, what a key of the environment watches that was revoked. */
export function endStreamsOf(c: Context<AppEnv>, keyId: number): void {
  c.executionCtx.waitUntil(
    workbenchOf(c)
      .keyRevoked(keyId)
      .catch((error) => logError("streams not closed", error, { request_id: c.get("requestId") })),
  );
}
