import { Hono, type Context } from "hono";
import { version } from "../../../package.json";
import { entries } from "../../../drizzle/migrations/meta/_journal.json";
import type { AppEnv } from "../../http/context.ts";
import { logError } from "../../log.ts";
import { describeOperation } from "../../openapi/describe-operation.ts";
import { health, type Health } from "../../schemas/health.ts";
import { findLatestMigration } from "../../store/health.ts";

/** How long an isolate caches the result, so that a flood of requests costs one query in that time. */
const CACHE_MILLISECONDS = 5_000;

let cached: { health: Health; until: number } | undefined;

export const healthCheck = new Hono<AppEnv>().get(
  "/health",
  describeOperation({
    tag: "Sandbox",
    security: [],
    operationId: "getHealth",
    summary: "Check the sandbox",
    description: `Reports whether the sandbox can serve requests, for load balancers and CI. Needs no key. The result is cached for ${CACHE_MILLISECONDS / 1_000} seconds.`,
    responses: {
      200: { description: "The sandbox can serve requests", schema: health },
      503: {
        description: "The sandbox can't serve requests",
        schema: health,
        headers: ["Retry-After"],
      },
    },
    errors: [],
  }),
  async (c) => {
    const now = Date.now();
    if (!cached || cached.until <= now) {
      cached = { health: await check(c), until: now + CACHE_MILLISECONDS };
    }
    if (cached.health.status === "ok") return c.json(cached.health, 200);
    const wait = { "Retry-After": String(CACHE_MILLISECONDS / 1_000) };
    return c.json(cached.health, 503, wait);
  },
);

async function check(c: Context<AppEnv>): Promise<Health> {
  try {
    const isMigrated = (await findLatestMigration(c.get("db"))) === entries.at(-1)?.tag;
    return {
      status: isMigrated ? "ok" : "unavailable",
      database: "ok",
      migrations: isMigrated ? "ok" : "pending",
      version,
    };
  } catch (error) {
    logError("database not reached", error, { request_id: c.get("requestId") });
    return { status: "unavailable", database: "unavailable", migrations: "pending", version };
  }
}
