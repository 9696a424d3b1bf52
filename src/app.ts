import { Hono } from "hono";
import { requestId } from "hono/request-id";
import { authenticate } from "./http/authenticate.ts";
import type { AppEnv } from "./http/context.ts";
import { openDatabase } from "./http/database.ts";
import { answerError, ApiError } from "./http/errors.ts";
import { refuseOtherMethods } from "./http/methods.ts";
import { keys } from "./routes/keys.ts";
import { serveOpenApi } from "./routes/openapi.ts";
import { orderEvents } from "./routes/order-events.ts";
import { orders } from "./routes/orders.ts";

export const app = new Hono<AppEnv>()
  .use(requestId())
  .use(openDatabase)
  .use("/v2/*", authenticate)
  .route("/", orders)
  .route("/", orderEvents)
  .route("/", keys);

serveOpenApi(app);
refuseOtherMethods(app);

app.notFound((c) => {
  throw new ApiError({
    type: "NOT_FOUND_ERROR",
    message: `There is nothing at ${c.req.path}. The operations are listed at /openapi.json.`,
  });
});
app.onError(answerError);
