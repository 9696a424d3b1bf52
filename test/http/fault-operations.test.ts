import { expect, it } from "vitest";
import { app } from "../../src/app.ts";
import { OPERATIONS } from "../../src/domain/fault-match.ts";

it("the operations that a fault can match are the routes under /v2", () => {
  const routes = app.routes
    .filter(({ method, path }) => method !== "ALL" && path.startsWith("/v2"))
    .map(({ method, path }) => `${method} ${path}`);
  const operations = OPERATIONS.map(({ method, path }) => `${method} ${path}`);
  expect([...new Set(operations)].toSorted()).toEqual([...new Set(routes)].toSorted());
});
