import { Hono } from "hono";
import { except } from "hono/combine";
import { methodNotAllowed } from "hono/method-not-allowed";
import { requestId } from "hono/request-id";
import { authenticate, requireKeySecret } from "./access/authenticate.ts";
import { requireFirstEnvironment } from "./access/environments.ts";
import { authenticateOperator } from "./access/operator.ts";
import { limitRequestRate } from "./access/rate-limits.ts";
import { limitConcurrency } from "./access/concurrency.ts";
import type { AppEnv } from "./http/context.ts";
import { openDatabase } from "./http/database.ts";
import { respondWithError, notFound, rejectMethod } from "./http/errors.ts";
import { applyFaults } from "./http/faults.ts";
import { protectAnswers } from "./http/headers.ts";
import { isConsoleRead } from "./http/console-reads.ts";
import { recordRequests } from "./http/recording/record.ts";
import { logRequests } from "./http/access-log.ts";
import { sendWarnings } from "./http/warnings.ts";
import { serveOpenApi } from "./openapi/document.ts";
import { consolePages } from "./routes/pages/console.ts";
import { docs } from "./routes/pages/docs.ts";
import { home } from "./routes/pages/home.ts";
import { environments } from "./routes/sandbox/environments.ts";
import { sandboxFaults } from "./routes/sandbox/faults.ts";
import { healthCheck } from "./routes/sandbox/health.ts";
import { sandboxKeys } from "./routes/sandbox/keys.ts";
import { partners } from "./routes/sandbox/partners.ts";
import { sandboxRequests } from "./routes/sandbox/requests.ts";
import { reconciliation } from "./routes/sandbox/reconciliation.ts";
import { timelines } from "./routes/sandbox/timeline.ts";
import { sandboxTransactions } from "./routes/sandbox/transactions.ts";
import { keys } from "./routes/v2/keys.ts";
import { orderEvents } from "./routes/v2/order-events.ts";
import { transactions } from "./routes/v2/transactions.ts";
import { orders } from "./routes/v2/orders.ts";

const app = new Hono<AppEnv>();
const admitPartner = [authenticate, limitRequestRate, limitConcurrency] as const;

app
  .use(requestId())
  .use(logRequests)
  .use(openDatabase)
  .use("/v2/*", protectAnswers)
  .use("/sandbox/*", protectAnswers)
  .use("/health", protectAnswers)
  // Around all that answers a request with a key, also 429 and what faults make of an answer.
  .use("/v2/*", except(isConsoleRead, recordRequests))
  .use("/v2/*", requireKeySecret, authenticate, limitRequestRate)
  .use("/v2/*", except(isConsoleRead, applyFaults), sendWarnings, limitConcurrency)
  .use("/sandbox/*", requireKeySecret)
  .use("/sandbox/partners/*", authenticateOperator)
  .use("/sandbox/keys/*", ...admitPartner)
  .use("/sandbox/environments/*", ...admitPartner, requireFirstEnvironment)
  .use("/sandbox/reset", ...admitPartner)
  .use("/sandbox/orders/*", ...admitPartner)
  .use("/sandbox/transactions/*", ...admitPartner)
  .use("/sandbox/reconciliation/*", ...admitPartner)
  .use("/sandbox/faults/*", ...admitPartner)
  .use("/sandbox/requests/*", ...admitPartner)
  // Within the faults, which alter this answer too.
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
  .route("/", partners)
  .route("/", healthCheck)
  .route("/", home)
  .route("/", consolePages)
  .route("/", docs);

serveOpenApi(app);

// Answered, not thrown: after a throw in here, no middleware goes on to set its headers.
app.notFound((c) => respondWithError(notFound(c.req.path), c));
app.onError(respondWithError);

export { app };
