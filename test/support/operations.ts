import { app } from "../../src/app.ts";

/** The operations whose path begins so, from the app itself: a new route can't be forgotten in a suite over them. */
const operationsUnder = (prefix: string) =>
  [
    ...new Set(
      app.routes
        .filter(({ method, path }) => method !== "ALL" && path.startsWith(prefix))
        .map(({ method, path }) => `${method} ${path.replace(/:\w+/, "1")}`),
    ),
  ].map((operation) => operation.split(" ") as [method: string, path: string]);

/** Every operation that wants the operator's token. */
export const OPERATOR_OPERATIONS = operationsUnder("/sandbox/partners");
/** Every operation that wants a partner's key. */
export const OPERATIONS = [...operationsUnder("/v2/"), ...operationsUnder("/sandbox/")].filter(
  ([, path]) => !path.startsWith("/sandbox/partners"),
);
