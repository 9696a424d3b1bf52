import { Hono, type Context } from "hono";
import { version } from "../../../package.json";
import { entries } from "../../../drizzle/migrations/meta/_journal.json";
import type { AppEnv } from "../../http/context.ts";
import { logError } from "../../log.ts";
import { describeOperation } from "../../openapi/describe-operation.ts";
import { health, type Health } from "../../schemas/health.ts";
import { findLatestMigration } from "../../store/health.ts";

/** How long an isolate remembers its answer, so that a flood costs one query in that time. */
const REMEMBERED_MILLISECONDS = 5_000;

let remembered: { health: Health; until: number } | undefined;

export const healthCheck = new Hono<AppEnv>().get(
  "/health",
  describeOperation({
    tag: "Sandbox",
    security: [],
    operationId: "getHealth",
    summary: "Check the sandbox",
    description:
      "Whether requests can be served, for load balancers and CI. It needs no key, and remembers its answer for 5 seconds.",
    responses: {
      200: { description: "Requests can be served", schema: health },
      503: {
        description: "Requests can't be served",
        schema: health,
        headers: ["Retry-After"],
      },
    },
    errors: [],
  }),
  async (c) => {
    const now = Date.now();
    if (!remembered || remembered.until <= now) {
      remembered = { health: await check(c), until: now + REMEMBERED_MILLISECONDS };
    }
    if (remembered.health.status === "ok") return c.json(remembered.health, 200);
    const wait = { "Retry-After": String(REMEMBERED_MILLISECONDS / 1_000) };
    return c.json(remembered.health, 503, wait);
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
    logError("the database does not answer", error, { request_id: c.get("requestId") });
    return { status: "unavailable", database: "unavailable", migrations: "pending", version };
  }
}
