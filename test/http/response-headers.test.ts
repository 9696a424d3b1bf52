import { exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import { expectStatus, newPartner, orderBody, send, type ApiResponse } from "../support/client.ts";

function expectProtected(response: ApiResponse): void {
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
  expect(response.headers.get("Strict-Transport-Security")).toBe("max-age=31536000");
}

it("sends protective headers with every response of the API, including errors", async () => {
  const partner = await newPartner();
  for (const response of [
    await partner.get("/v2/orders"),
    await partner.post("/v2/orders", orderBody()),
    await partner.get("/v2/nothing"),
    await partner.send("PATCH", "/v2/orders"),
    await send("GET", "/v2/orders"),
    await send("GET", "/sandbox/partners"),
    await send("GET", "/health"),
  ]) {
    expectProtected(response);
  }
});

it("doesn't require HTTPS on a connection without it", async () => {
  const response = await exports.default.fetch("http://localhost/health");
  expect(response.headers.has("Strict-Transport-Security")).toBe(false);
});

it("grants other origins no access", async () => {
  const partner = await newPartner();
  const response = await partner.send("GET", "/v2/orders", undefined, {
    Origin: "https://shop.example",
  });
  expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual(
    [],
  );
  const preflight = await send("OPTIONS", "/v2/orders", {
    headers: { Origin: "https://shop.example", "Access-Control-Request-Method": "POST" },
  });
  expectStatus(preflight, 401);
});

it("compares an ETag as text: another spelling of the number is another ETag", async () => {
  const partner = await newPartner();
  const id = await partner.createOrder();
  const put = (etag: string) => partner.put(`/v2/orders/${id}`, orderBody(), { "If-Match": etag });
  for (const etag of ['"01"', '"1 "', '"1.0"', 'W/"1"']) expectStatus(await put(etag), 412);
  expectStatus(await put('"1"'), 200);
});
