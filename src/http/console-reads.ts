import type { Context } from "hono";

/**
 * Whether a request only looks: the console's own reads are neither recorded nor altered by faults, since they
 * are not what the integration did.
 */
export function isConsoleRead(c: Context): boolean {
  return c.req.method === "GET" && c.req.header("Sandbox-Console") === "true";
}
