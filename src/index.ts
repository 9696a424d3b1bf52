import { app } from "./app.ts";
import { toTimestamp } from "./schemas/fields.ts";
import { noCost, openDatabase } from "./store/database.ts";
import { sweepIdempotencyRecords } from "./store/idempotency.ts";

export { OrderLedger } from "./ledger/order-ledger.ts";

export default {
  fetch: app.fetch,

  /** The hourly sweep of expired Idempotency-Keys. */
  async scheduled({ scheduledTime }, env) {
    const cost = noCost();
    const now = toTimestamp(new Date(scheduledTime));
    const swept = await sweepIdempotencyRecords(openDatabase(env.DB, cost), now);
    console.log({ message: "idempotency keys swept", swept, ...cost });
  },
} satisfies ExportedHandler<Cloudflare.Env>;
