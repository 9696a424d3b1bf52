import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { isRejecting, type AppliedFault } from "../domain/faults.ts";
import { idsOf, type RequestSubject } from "../domain/request-subject.ts";
import { isConsoleRead } from "./console-reads.ts";
import type { AppEnv } from "./context.ts";
import { FAULT_HEADER, parseFaultHeader } from "./fault-header.ts";
import { alterResponse, rejectionBy } from "./fault-responses.ts";
import { peekBody } from "./request-body.ts";
import { callWorkbench, workbenchOf } from "./workbench.ts";

/**
 * Applies the fault of the `Sandbox-Fault` header, else the environment's oldest fault that matches. Some
 * faults reject the request before validation; the others alter its response, whatever that is.
 */
export const applyFaults = createMiddleware<AppEnv>(async (c, next) => {
  if (isConsoleRead(c)) return next();
  const header = c.req.header(FAULT_HEADER);
  c.set("isFaultPending", true);
  if (header !== undefined) apply(c, parseFaultHeader(header));
  else if (c.get("apiKey").has_faults) await takeFault(c);
  await next();
  const fault = c.get("fault");
  if (fault && !isRejecting(fault.fault)) await alterResponse(c, fault, fault.fault);
});

/** Takes the fault that applies to a request under /v2 from the environment's workbench, once per request. */
export async function takeFault(c: Context<AppEnv>): Promise<void> {
  if (!c.get("isFaultPending") || c.get("fault")) return;
  const key = c.get("apiKey");
  const { environment_id, dataset_id } = key;
  const dataset = { environment_id, dataset_id };
  const taken = await callWorkbench(c, workbenchOf(c).takeFault(dataset, await subjectOf(c)));
  // D1 reports this too, and the request is retried in the current dataset.
  if (taken.is_superseded) return;
  c.set("isFaultPending", false);
  // `key` is the isolate's cached key, so the next request skips the workbench while no faults are left.
  if (key.dataset_id === dataset_id) key.has_faults = taken.has_faults;
  if (taken.fault) apply(c, taken.fault);
}

function apply(c: Context<AppEnv>, fault: AppliedFault): void {
  c.set("fault", fault);
  if (isRejecting(fault.fault)) throw rejectionBy(fault, fault.fault);
}

async function subjectOf(c: Context<AppEnv>): Promise<RequestSubject> {
  const path = new URL(c.req.url).pathname;
  return { method: c.req.method, path, ...idsOf(path, await bodyOf(c), c.req.query()) };
}

/** The JSON object in the body; empty if there is none. */
async function bodyOf(c: Context<AppEnv>): Promise<Record<string, unknown>> {
  try {
    const body: unknown = JSON.parse((await peekBody(c)) ?? "null");
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
