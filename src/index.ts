import { sweepHourly } from "./access/sweeps.ts";
import { app } from "./app.ts";
import { configOf } from "./config.ts";
import { toTimestamp } from "./domain/timestamp.ts";
import { NOTHING_SWEPT, sweepOrders } from "./ledger/retention.ts";
import { log } from "./log.ts";
import { Database } from "./store/database.ts";
import { findUsageNearQuotas } from "./store/usage.ts";
import { sweepIdempotencyRecords } from "./store/idempotency.ts";
import { refreshStatistics } from "./store/statistics.ts";

export { OrderLedger } from "./ledger/order-ledger.ts";
export { PartnerStreams } from "./workbench/partner-streams.ts";
export { Workbench } from "./workbench/workbench.ts";

export default {
  fetch: app.fetch,

  /** The hourly job: sweeps, statistics, and partners near their quotas. With an invalid configuration it fails. */
  async scheduled({ scheduledTime }, env) {
    const { retentionDays: days, quotas } = configOf(env);
    const db = new Database(env.DB);
    const now = new Date(scheduledTime);
    const idempotency_keys = await sweepIdempotencyRecords(db, toTimestamp(now));
    const { orders, changes } = days > 0 ? await sweepOrders(db, now, days) : NOTHING_SWEPT;
    const rows = await sweepHourly(env, db, toTimestamp(now));
    await refreshStatistics(db);
    for (const usage of await findUsageNearQuotas(db, quotas)) {
      log("a partner is close to a quota", { ...usage });
    }
    log("hourly work done", {
      swept: { idempotency_keys, orders, changes, rows },
      ...db.cost,
    });
  },
} satisfies ExportedHandler<Cloudflare.Env>;
