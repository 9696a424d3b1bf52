import { app } from "./app.ts";
import { toTimestamp } from "./domain/timestamp.ts";
import { log } from "./log.ts";
import { Database } from "./store/database.ts";
import { sweepIdempotencyRecords } from "./store/idempotency.ts";
import { refreshStatistics } from "./store/statistics.ts";

export { OrderLedger } from "./ledger/order-ledger.ts";

export default {
  fetch: app.fetch,

  /** What is to be done each hour: the sweep of expired Idempotency-Keys, and the statistics. */
  async scheduled({ scheduledTime }, env) {
    const db = new Database(env.DB);
    const swept = await sweepIdempotencyRecords(db, toTimestamp(new Date(scheduledTime)));
    await refreshStatistics(db);
    log("hourly work done", { swept_idempotency_keys: swept, ...db.cost });
  },
} satisfies ExportedHandler<Cloudflare.Env>;
