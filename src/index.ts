import { HOURLY_STEPS } from "./access/hourly-steps.ts";
import { app } from "./app.ts";
import { configOf, findInvalidVariables } from "./config.ts";
import { log, logError } from "./log.ts";
import { Database } from "./store/database.ts";
import { QueryBudget } from "./store/query-budget.ts";

export { OrderLedger } from "./ledger/order-ledger.ts";
export { PartnerStreams } from "./workbench/partner-streams.ts";
export { Workbench } from "./workbench/workbench.ts";

const HOUR_MILLISECONDS = 3_600_000;
/** Each step may send at least this many queries, while the budget has them. */
const MIN_STEP_QUERIES = 12;

export default {
  fetch: app.fetch,

  /** For src/local, which refuses to start with invalid variables. */
  findInvalidVariables,

  /**
   * Runs the hourly steps within the budget of D1 queries. A failed step is logged, and the others still run. Each hour
   * starts with the next step, so that a small budget does not starve the last ones.
   */
  async scheduled({ scheduledTime }, env) {
    const { hourlyQueries } = configOf(env);
    const db = new Database(env.DB);
    const now = new Date(scheduledTime);
    const first = Math.floor(scheduledTime / HOUR_MILLISECONDS) % HOURLY_STEPS.length;
    const steps = [...HOURLY_STEPS.slice(first), ...HOURLY_STEPS.slice(0, first)];
    const results: Record<string, unknown> = {};
    for (const [index, { name, run }] of steps.entries()) {
      const left = hourlyQueries - db.statements;
      const share = Math.max(Math.floor(left / (steps.length - index)), MIN_STEP_QUERIES);
      try {
        results[name] = await run(new QueryBudget(db, Math.min(share, left)), now, env);
      } catch (error) {
        logError("hourly step failed", error, { step: name });
      }
    }
    log("hourly work done", { results, statements: db.statements, ...db.cost });
  },
} satisfies ExportedHandler<Cloudflare.Env> & { findInvalidVariables: unknown };
