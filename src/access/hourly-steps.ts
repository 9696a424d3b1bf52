import { configOf } from "../config.ts";
import { toTimestamp } from "../domain/timestamp.ts";
import { log } from "../log.ts";
import { sweepIdempotencyRecords } from "../store/idempotency.ts";
import { findDatasetsWithQueued } from "../store/notification-outbox.ts";
import type { QueryBudget } from "../store/query-budget.ts";
import { recountUsage } from "../store/recount.ts";
import { sweepHistory, sweepOrders, sweepTransactions } from "../store/retention-sweep.ts";
import { refreshStatistics } from "../store/statistics.ts";
import { findUsageNearQuotas } from "../store/usage.ts";
import { sweepHourly } from "./sweeps.ts";

/** A part of the hourly work. Its result goes into the log. */
interface HourlyStep {
  name: string;
  /** Stops when the budget is used up. The next hour's run continues. */
  run: (budget: QueryBudget, now: Date, env: Cloudflare.Env) => Promise<unknown>;
}

export const HOURLY_STEPS: HourlyStep[] = [
  {
    name: "idempotency records deleted",
    run: (budget, now) => sweepIdempotencyRecords(budget, toTimestamp(now)),
  },
  {
    name: "rows of closed environments deleted",
    run: (budget, now, env) => sweepHourly(env, budget, toTimestamp(now)),
  },
  {
    name: "old orders deleted",
    run: async (budget, now, env) => {
      const { retentionDays } = configOf(env);
      return retentionDays > 0 ? sweepOrders(budget, now, retentionDays) : 0;
    },
  },
  {
    name: "old transactions deleted",
    run: async (budget, now, env) => {
      const { retentionDays } = configOf(env);
      return retentionDays > 0 ? sweepTransactions(budget, now, retentionDays) : 0;
    },
  },
  {
    name: "old changes deleted",
    run: async (budget, now, env) => {
      const { retentionDays } = configOf(env);
      return retentionDays > 0 ? sweepHistory(budget, now, retentionDays) : 0;
    },
  },
  {
    name: "environments woken for late notifications",
    run: (budget, _, env) => deliverLate(budget, env),
  },
  { name: "statistics", run: (budget) => refreshStatistics(budget) },
  { name: "partners close to a quota", run: (budget, _, env) => reportQuotas(budget, env) },
  {
    name: "wrong counts corrected",
    run: async (budget, now) => {
      const miscounts = await recountUsage(budget, toTimestamp(now));
      for (const miscount of miscounts) log("usage was counted wrong", { ...miscount });
      return miscounts.length;
    },
  },
];

/** The maximum number of environments that an hourly job wakes. */
const MAX_WOKEN = 100;

/** Makes workbenches deliver queued notifications whose alarm was lost. An alarm normally delivers within seconds. */
async function deliverLate(budget: QueryBudget, env: Cloudflare.Env): Promise<number> {
  if (!budget.allows(1)) return 0;
  const late = await findDatasetsWithQueued(budget.db, MAX_WOKEN);
  for (const dataset of late) {
    const workbench = env.WORKBENCH.getByName(String(dataset.environment_id));
    await workbench.notifications().deliver(dataset);
  }
  return late.length;
}

async function reportQuotas(budget: QueryBudget, env: Cloudflare.Env): Promise<number> {
  if (!budget.allows(1)) return 0;
  const near = await findUsageNearQuotas(budget.db, configOf(env).quotas);
  for (const usage of near) log("a partner is close to a quota", { ...usage });
  return near.length;
}
