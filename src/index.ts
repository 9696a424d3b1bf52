import { sweepExpired } from "./access/environments.ts";
import { app } from "./app.ts";
import { quotasOf } from "./domain/quotas.ts";
import { toTimestamp } from "./domain/timestamp.ts";
import { NOTHING_SWEPT, sweepOrders } from "./ledger/retention.ts";
import { log } from "./log.ts";
import { Database } from "./store/database.ts";
import { findUsageNearQuotas } from "./store/usage.ts";
import { sweepIdempotencyRecords } from "./store/idempotency.ts";
import { refreshStatistics } from "./store/statistics.ts";

export { OrderLedger } from "./ledger/order-ledger.ts";
export { Workbench } from "./workbench/workbench.ts";

export default {
  fetch: app.fetch,

  /** What is to be done each hour: the sweeps, the statistics, and a look at the quotas. */
  async scheduled({ scheduledTime }, env) {
    const db = new Database(env.DB);
    const now = new Date(scheduledTime);
    const idempotency_keys = await sweepIdempotencyRecords(db, toTimestamp(now));
    const days = Number(env.RETENTION_DAYS);
    const { orders, changes } = days > 0 ? await sweepOrders(db, now, days) : NOTHING_SWEPT;
    const rows = await sweepExpired(env, db, toTimestamp(now));
    await refreshStatistics(db);
    for (const usage of await findUsageNearQuotas(db, quotasOf(env))) {
      log("a partner is close to a quota", { ...usage });
    }
    log("hourly work done", {
      swept: { idempotency_keys, orders, changes, rows },
      ...db.cost,
    });
  },
} satisfies ExportedHandler<Cloudflare.Env>;
