import { expect, it } from "vitest";
import { app } from "../../src/app.ts";
import { send } from "../support/client.ts";

it("describes every route of the API, and nothing else", async () => {
  const { body } = await send("GET", "/openapi.json");
  const described = Object.entries<object>(body.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const routed = app.routes
    .filter(({ method, path }) => method !== "ALL" && path !== "/openapi.json")
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/, "{$1}")}`);
  expect(described.toSorted()).toEqual([...new Set(routed)].toSorted());
});

it("describes parameters, bodies, results and errors from the schemas", async () => {
  const { body } = await send("GET", "/openapi.json");
  const put = body.paths["/v2/orders/{order_id}"].put;
  expect(put.operationId).toBe("putOrder");
  expect(put.parameters).toEqual([
    expect.objectContaining({ in: "path", name: "order_id", required: true }),
    expect.objectContaining({ in: "header", name: "If-Match" }),
  ]);
  expect(put.requestBody.content["application/json"].schema.$ref).toBe(
    "#/components/schemas/OrderInput",
  );
  expect(put.responses["200"].content["application/json"].schema.$ref).toBe(
    "#/components/schemas/Order",
  );
  expect(Object.keys(put.responses)).toEqual(
    expect.arrayContaining(["200", "400", "401", "404", "409", "412", "413", "415", "500", "503"]),
  );
  expect(put.responses["404"].content["application/json"].schema.$ref).toBe(
    "#/components/schemas/Error",
  );
  expect(Object.keys(body.components.schemas)).toEqual(
    expect.arrayContaining(["Address", "Error", "Key", "Order", "OrderEvent", "OrderLine"]),
  );
});

it("describes a query's number as a number, with its default", async () => {
  const { body } = await send("GET", "/openapi.json");
  for (const path of ["/v2/orders", "/v2/order_events"]) {
    const { parameters } = body.paths[path].get;
    expect(parameters.find((each: { name: string }) => each.name === "limit")).toMatchObject({
      in: "query",
      schema: { type: "integer", minimum: 1, default: 10 },
    });
  }
});
