import { exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import { expectStatus, newPartner, orderBody, send, type ApiResponse } from "../support/client.ts";

function expectProtected(answer: ApiResponse): void {
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  expect(answer.headers.get("X-Content-Type-Options")).toBe("nosniff");
  expect(answer.headers.get("Strict-Transport-Security")).toBe("max-age=31536000");
}

it("are on every answer of the API, refusals too", async () => {
  const partner = await newPartner();
  for (const answer of [
    await partner.get("/v2/orders"),
    await partner.post("/v2/orders", orderBody()),
    await partner.get("/v2/nothing"),
    await partner.send("PATCH", "/v2/orders"),
    await send("GET", "/v2/orders"),
    await send("GET", "/sandbox/partners"),
    await send("GET", "/health"),
  ]) {
    expectProtected(answer);
  }
});

it("don't ask for HTTPS where there is none", async () => {
  const response = await exports.default.fetch("http://localhost/health");
  expect(response.headers.has("Strict-Transport-Security")).toBe(false);
});

it("open nothing to other origins", async () => {
  const partner = await newPartner();
  const answer = await partner.send("GET", "/v2/orders", undefined, {
    Origin: "https://shop.example",
  });
  expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual(
    [],
  );
  const preflight = await send("OPTIONS", "/v2/orders", {
    headers: { Origin: "https://shop.example", "Access-Control-Request-Method": "POST" },
  });
  expectStatus(preflight, 401);
});

it("take an ETag as it is: another spelling of the number is another ETag", async () => {
  const partner = await newPartner();
  const id = await partner.createOrder();
  const put = (etag: string) => partner.put(`/v2/orders/${id}`, orderBody(), { "If-Match": etag });
  for (const etag of ['"01"', '"1 "', '"1.0"', 'W/"1"']) expectStatus(await put(etag), 412);
  expectStatus(await put('"1"'), 200);
});
