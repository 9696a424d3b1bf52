import { app } from "../../src/app.ts";

/** Every operation that wants a key, from the app itself: a new route can't be forgotten in a suite over them. */
export const OPERATIONS = [
  ...new Set(
    app.routes
      .filter(({ method, path }) => method !== "ALL" && path.startsWith("/v2/"))
      .map(({ method, path }) => `${method} ${path.replace(/:\w+/, "some-id")}`),
  ),
].map((operation) => operation.split(" ") as [method: string, path: string]);
