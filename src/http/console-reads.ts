import type { Context } from "hono";

/** Whether the console sent this read. Such a read is no part of the integration: it is not recorded, and has no faults. */
export function isConsoleRead(c: Context): boolean {
  return c.req.method === "GET" && c.req.header("Sandbox-Console") === "true";
}
