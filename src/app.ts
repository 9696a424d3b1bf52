import { Hono } from "hono";
import { requestId } from "hono/request-id";
import { authenticate } from "./http/authenticate.ts";
import type { AppEnv } from "./http/context.ts";
import { openDatabase } from "./http/database.ts";
import { answerError, nothingAt } from "./http/errors.ts";
import { refuseOtherMethods } from "./http/methods.ts";
import { authenticateOperator } from "./http/operator.ts";
import { limitKey } from "./http/rate-limits.ts";
import { logRequests } from "./http/request-log.ts";
import { docs } from "./routes/docs.ts";
import { home } from "./routes/home.ts";
import { keys } from "./routes/keys.ts";
import { serveOpenApi } from "./routes/openapi.ts";
import { orderEvents } from "./routes/order-events.ts";
import { orders } from "./routes/orders.ts";
import { partners } from "./routes/partners.ts";

export const app = new Hono<AppEnv>()
  .use(requestId())
  .use(logRequests)
  .use(openDatabase)
  .use("/v2/*", authenticate, limitKey)
  .use("/sandbox/*", authenticateOperator)
  .route("/", orders)
  .route("/", orderEvents)
  .route("/", keys)
  .route("/", partners)
  .route("/", home)
  .route("/", docs);

serveOpenApi(app);
refuseOtherMethods(app);

// Answered, not thrown: what throws here is not seen by the middleware.
app.notFound((c) => answerError(nothingAt(c.req.path), c));
app.onError(answerError);
