import { app } from "../../src/app.ts";

/** The operations under a path, read from the app so that no suite misses a new route. */
const operationsUnder = (prefix: string) =>
  [
    ...new Set(
      app.routes
        .filter(({ method, path }) => method !== "ALL" && path.startsWith(prefix))
        .map(({ method, path }) => `${method} ${path.replace(/:\w+/, "1")}`),
    ),
  ].map((operation) => operation.split(" ") as [method: string, path: string]);

/** All operations that need the operator's token. */
export const OPERATOR_OPERATIONS = operationsUnder("/sandbox/partners");
/** All operations that need a partner's key. */
export const OPERATIONS = [...operationsUnder("/v2/"), ...operationsUnder("/sandbox/")].filter(
  ([, path]) => !path.startsWith("/sandbox/partners"),
);
