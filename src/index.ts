import { app } from "./app.ts";

export { OrderLedger } from "./ledger/order-ledger.ts";

export default { fetch: app.fetch } satisfies ExportedHandler<Cloudflare.Env>;
