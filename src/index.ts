import { app } from "./app.ts";
import { toTimestamp } from "./domain/timestamp.ts";
import { log } from "./log.ts";
import { Database } from "./store/database.ts";
import { sweepIdempotencyRecords } from "./store/idempotency.ts";

export { OrderLedger } from "./ledger/order-ledger.ts";

export default {
  fetch: app.fetch,

  /** The hourly sweep of expired Idempotency-Keys. */
  async scheduled({ scheduledTime }, env) {
    const db = new Database(env.DB);
    const swept = await sweepIdempotencyRecords(db, toTimestamp(new Date(scheduledTime)));
    log("idempotency keys swept", { swept, ...db.cost });
  },
} satisfies ExportedHandler<Cloudflare.Env>;
