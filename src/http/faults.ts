import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { isDelaying, isRejecting, type AppliedFault } from "../domain/faults.ts";
import { subjectOf, type RequestSubject } from "../domain/request-subject.ts";
import { isConsoleRead } from "./console-reads.ts";
import type { AppEnv } from "./context.ts";
import { reserveDelay } from "./delayed-responses.ts";
import { FAULT_HEADER, parseFaultHeader } from "./fault-header.ts";
import { alterResponse, rejectionBy } from "./fault-responses.ts";
import { objectIn } from "./recording/recorded-body.ts";
import { peekBody } from "./request-body.ts";
import { awaitReply, workbenchOf } from "./workbench.ts";

/**
 * Applies the request's fault to its response, also to an error. Runs outside `limitConcurrency`, so that a delayed
 * response does not hold up the partner's other requests.
 */
export const alterResponses = createMiddleware<AppEnv>(async (c, next) => {
  if (isConsoleRead(c)) return next();
  const header = c.req.header(FAULT_HEADER);
  if (header !== undefined) applyFault(c, parseFaultHeader(header));
  await next();
  const fault = c.get("fault");
  if (fault && !isRejecting(fault.fault)) await alterResponse(c, fault, fault.fault);
});

/**
 * Applies the oldest matching fault of the environment, unless the request has its own. Runs inside
 * `limitConcurrency`, because it reads the body.
 */
export const chooseFault = createMiddleware<AppEnv>(async (c, next) => {
  if (isConsoleRead(c)) return next();
  c.set("isFaultPending", c.get("fault") === undefined);
  if (c.get("apiKey").has_faults) await takeFault(c);
  await next();
});

/** Takes the fault that applies to a request under /v2 from the environment's workbench, once per request. */
export async function takeFault(c: Context<AppEnv>): Promise<void> {
  if (!c.get("isFaultPending")) return;
  const key = c.get("apiKey");
  const { environment_id, dataset_id } = key;
  const dataset = { environment_id, dataset_id };
  const reply = workbenchOf(c).takeFault(dataset, await readSubject(c));
  const result = await awaitReply(c, reply);
  // D1 will also reject the request's batch, and the request then runs again in the current dataset.
  if (result === "superseded") return;
  c.set("isFaultPending", false);
  // `key` is the isolate's cached key, so the next request skips the workbench while no faults are left.
  if (key.dataset_id === dataset_id) key.has_faults = result.has_faults;
  if (result.fault) applyFault(c, result.fault);
}

function applyFault(c: Context<AppEnv>, fault: AppliedFault): void {
  if (isDelaying(fault.fault)) reserveDelay(c);
  c.set("fault", fault);
  if (isRejecting(fault.fault)) throw rejectionBy(fault, fault.fault);
}

async function readSubject(c: Context<AppEnv>): Promise<RequestSubject> {
  const path = new URL(c.req.url).pathname;
  return subjectOf({ method: c.req.method, path }, await readObject(c), c.req.query());
}

/** The JSON object in the body; empty if the body has none. */
async function readObject(c: Context<AppEnv>): Promise<Record<string, unknown>> {
  return objectIn((await peekBody(c)) ?? "");
}
