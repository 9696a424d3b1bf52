import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { methodNotAllowed } from "hono/method-not-allowed";
import { authenticate } from "./access/authenticate.ts";
import { requireFirstEnvironment } from "./access/environments.ts";
import { authenticateOperator } from "./access/operator.ts";
import { limitRequestRate } from "./access/rate-limits.ts";
import { limitRows } from "./access/row-limits.ts";
import { limitConcurrency } from "./access/concurrency.ts";
import { noteKeyUse } from "./access/key-use.ts";
import { configOf } from "./config.ts";
import type { AppEnv } from "./http/context.ts";
import { openDatabase } from "./http/database.ts";
import { refuseForeignSites } from "./http/foreign-sites.ts";
import { respondWithError, notFound, rejectMethod } from "./http/errors.ts";
import { alterResponses, chooseFault } from "./http/faults.ts";
import { setHeadersOfEveryResponse, setSecurityHeaders } from "./http/response-headers.ts";
import { recordRequests } from "./http/recording/record.ts";
import { logRequests } from "./http/access-log.ts";
import { identifyRequest } from "./http/request-id.ts";
import { sendWarnings } from "./http/warnings.ts";
import { serveOpenApi } from "./openapi/document.ts";
import { consolePages } from "./routes/pages/console.ts";
import { docs } from "./routes/pages/docs.ts";
import { home } from "./routes/pages/home.ts";
import { llms } from "./routes/pages/llms.ts";
import { environments } from "./routes/sandbox/environments.ts";
import { sandboxFaults } from "./routes/sandbox/faults.ts";
import { healthCheck } from "./routes/sandbox/health.ts";
import { sandboxKeys } from "./routes/sandbox/keys.ts";
import { partners } from "./routes/sandbox/partners.ts";
import { readinessReports } from "./routes/sandbox/readiness.ts";
import { sandboxRequests } from "./routes/sandbox/requests.ts";
import { reconciliation } from "./routes/sandbox/reconciliation.ts";
import { timelines } from "./routes/sandbox/timeline.ts";
import { notificationVerification } from "./routes/sandbox/notification-verification.ts";
import { sandboxNotifications } from "./routes/sandbox/notifications.ts";
import { sandboxTransactions } from "./routes/sandbox/transactions.ts";
import { sandboxWebhooks } from "./routes/sandbox/webhooks.ts";
import { keys } from "./routes/v2/keys.ts";
import { orderEvents } from "./routes/v2/order-events.ts";
import { transactions } from "./routes/v2/transactions.ts";
import { orders } from "./routes/v2/orders.ts";

const app = new Hono<AppEnv>();

/** Responds 503 if the configuration is invalid. */
const requireConfig = createMiddleware<AppEnv>((c, next) => {
  configOf(c.env);
  return next();
});

const admitPartner = [
  authenticate,
  limitRows,
  noteKeyUse,
  limitRequestRate,
  limitConcurrency,
] as const;

app
  .use(identifyRequest)
  .use(logRequests)
  .use(openDatabase)
  // Before the limits, so that a 429 is recorded too, and before the headers, so that they are recorded.
  .use("/v2/*", recordRequests)
  .use(setHeadersOfEveryResponse)
  .use(refuseForeignSites)
  .use("/v2/*", setSecurityHeaders)
  .use("/sandbox/*", setSecurityHeaders)
  .use("/health", setSecurityHeaders)
  .use("/v2/*", requireConfig, authenticate, limitRows, noteKeyUse, limitRequestRate)
  .use("/v2/*", alterResponses, sendWarnings, limitConcurrency, chooseFault)
  .use("/sandbox/*", requireConfig)
  .use("/sandbox/partners/*", authenticateOperator)
  .use("/sandbox/keys/*", ...admitPartner)
  .use("/sandbox/environments/*", ...admitPartner, requireFirstEnvironment)
  .use("/sandbox/reset", ...admitPartner)
  .use("/sandbox/orders/*", ...admitPartner)
  .use("/sandbox/transactions/*", ...admitPartner)
  .use("/sandbox/reconciliation/*", ...admitPartner)
  .use("/sandbox/readiness/*", ...admitPartner)
  .use("/sandbox/faults/*", ...admitPartner)
  .use("/sandbox/requests/*", ...admitPartner)
  .use("/sandbox/webhooks/*", ...admitPartner)
  .use("/sandbox/notifications/*", ...admitPartner)
  // After the faults, so that they also alter a 405.
  .use(methodNotAllowed({ app, onMethodNotAllowed: rejectMethod }))
  .route("/", orders)
  .route("/", orderEvents)
  .route("/", keys)
  .route("/", transactions)
  .route("/", sandboxKeys)
  .route("/", environments)
  .route("/", sandboxFaults)
  .route("/", sandboxRequests)
  .route("/", timelines)
  .route("/", sandboxTransactions)
  .route("/", reconciliation)
  .route("/", readinessReports)
  .route("/", sandboxWebhooks)
  .route("/", sandboxNotifications)
  .route("/", notificationVerification)
  .route("/", partners)
  .route("/", healthCheck)
  .route("/", home)
  .route("/", llms)
  .route("/", consolePages)
  .route("/", docs);

serveOpenApi(app);

// Responds instead of throwing: after a throw here, no middleware would set its headers.
app.notFound((c) => respondWithError(notFound(c.req.path), c));
app.onError(respondWithError);

export { app };
