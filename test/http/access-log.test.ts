import { expect, it, vi } from "vitest";
import guide from "../../.github/CONTRIBUTING.md?raw";
import { costOf, expectStatus, newPartner, orderBody, send } from "../support/client.ts";

function linesOf(log: { mock: { calls: unknown[][] } }) {
  return log.mock.calls.map(([line]) => JSON.parse(String(line)));
}

it("has one line of JSON per request, with the request and its cost", async () => {
  const partner = await newPartner();
  const log = vi.spyOn(console, "log");
  const created = await partner.post("/v2/orders", orderBody({ id: "order-1" }));
  const deleted = await partner.delete("/v2/orders/order-1");
  expect(linesOf(log)).toEqual(
    [
      { response: created, method: "POST", route: "/v2/orders", status: 200 },
      { response: deleted, method: "DELETE", route: "/v2/orders/:order_id", status: 204 },
    ].map(({ response, ...line }) => ({
      ...line,
      message: "request",
      request_id: response.headers.get("X-Request-Id"),
      partner_id: partner.partnerId,
      ms: expect.any(Number),
      ...costOf(response),
    })),
  );
});

it("has the fields that CONTRIBUTING names", async () => {
  const [, described] = /\n## The log\n\n(.+?)\n\n/s.exec(guide)!;
  const named = [...described!.matchAll(/`(\w+)`/g)].map(([, name]) => name!);
  const partner = await newPartner();
  expectStatus(await partner.post("/sandbox/faults", { fault: "delay", delay_ms: 1 }), 200);
  const log = vi.spyOn(console, "log");
  expectStatus(await partner.get("/v2/orders?limit=0"), 400);
  expect(Object.keys(linesOf(log).at(-1)).toSorted()).toEqual(named.toSorted());
});

it("contains no part of a key, an Authorization header, a body, a path or a query", async () => {
  const partner = await newPartner();
  const logs = [vi.spyOn(console, "log"), vi.spyOn(console, "error")];
  const secret = { merchant_name: "in-the-body" };
  await partner.post("/v2/orders", orderBody({ id: "in-the-body", ...secret }));
  await partner.post("/v2/orders", { ...secret, total_order_amount: "in-the-body" });
  await partner.get("/v2/orders?id=in-the-query");
  await partner.delete("/v2/orders/in-the-path");
  await send("GET", "/in-the-path/", { headers: { Authorization: "in-the-header" } });
  await partner.post("/v2/keys");
  const written = JSON.stringify(logs.map((log) => log.mock.calls));
  expect(written).not.toMatch(/in-the-|test_[\w-]{32}|Bearer/);
  expect(written).not.toContain(partner.key);
});

it("includes requests without a route or a partner", async () => {
  const log = vi.spyOn(console, "log");
  await send("GET", "/nothing");
  await send("GET", "/v2/orders");
  expect(linesOf(log)).toMatchObject([
    { route: "/*", status: 404 },
    { route: "/v2/orders", status: 401, error_type: "AUTHENTICATION_ERROR" },
  ]);
  expect(linesOf(log).some((line) => "partner_id" in line)).toBe(false);
});
