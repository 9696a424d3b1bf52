import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { MAX_BODY_BYTES } from "../../src/http/validate.ts";
import {
  expectStatus,
  newPartner,
  orderBody,
  refusalOf,
  send,
  type Client,
} from "../support/client.ts";

let a: Client;
beforeAll(async () => {
  a = await newPartner();
});
afterEach(() => vi.restoreAllMocks());

describe("the envelope", () => {
  it("answers unknown paths, with and without a key", async () => {
    expect(refusalOf(await a.get("/v2/unknown"))).toEqual({ status: 404, type: "NOT_FOUND_ERROR" });
    expect(refusalOf(await send("GET", "/unknown"))).toEqual({
      status: 404,
      type: "NOT_FOUND_ERROR",
    });
  });

  it.each([
    ["PATCH", "/v2/orders", "GET, HEAD, POST"],
    ["POST", "/v2/orders/some-id", "PUT, DELETE"],
    ["GET", "/v2/order_events/some-id", "DELETE"],
    ["GET", "/v2/keys", "POST, DELETE"],
    ["POST", "/openapi.json", "GET, HEAD"],
  ])("answers %s %s with the methods that there are", async (method, path, allow) => {
    const answer = await a.send(method, path);
    expect(refusalOf(answer)).toEqual({ status: 405, type: "METHOD_NOT_ALLOWED_ERROR" });
    expect(answer.headers.get("Allow")).toBe(allow);
  });

  it.each(["{", "", '{"a":1,}', "nul"])("answers malformed JSON: %s", async (body) => {
    const answer = await a.post("/v2/orders", body);
    expect(refusalOf(answer)).toEqual({ status: 400, type: "INVALID_REQUEST_ERROR" });
    expect(answer.body.error.message).toMatch(/^The body is not valid JSON: .+/);
  });

  it.each(["null", "[]", '"order"', "7"])("answers JSON that is no object: %s", async (body) => {
    expect(refusalOf(await a.post("/v2/orders", body))).toMatchObject({ status: 400 });
  });

  it("answers invalid UTF-8", async () => {
    const answer = await send("POST", "/v2/orders", {
      body: new Uint8Array([0x7b, 0xff, 0x7d]),
      headers: { Authorization: `Bearer ${a.key}`, "Content-Type": "application/json" },
    });
    expect(refusalOf(answer)).toEqual({ status: 400, type: "INVALID_REQUEST_ERROR" });
    expect(answer.body.error.message).toContain("UTF-8");
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "application/jsonx"])(
    "answers the content type %s",
    async (contentType) => {
      const answer = await a.post("/v2/orders", orderBody(), { "Content-Type": contentType });
      expect(refusalOf(answer)).toEqual({ status: 415, type: "UNSUPPORTED_MEDIA_TYPE_ERROR" });
      expect(answer.body.error.message).toContain(contentType);
    },
  );

  it("takes JSON with a charset", async () => {
    const headers = { "Content-Type": "Application/JSON; charset=utf-8" };
    expectStatus(await a.post("/v2/orders", orderBody(), headers), 200);
  });

  it("answers a body that is too large, also when its length is not declared", async () => {
    const body = JSON.stringify(orderBody({ padding: "x".repeat(MAX_BODY_BYTES) }));
    const declared = await a.post("/v2/orders", body);
    expect(refusalOf(declared)).toEqual({ status: 413, type: "PAYLOAD_TOO_LARGE_ERROR" });
    const streamed = await send("POST", "/v2/orders", {
      body: new Blob([body]).stream(),
      headers: { Authorization: `Bearer ${a.key}`, "Content-Type": "application/json" },
    });
    expectStatus(streamed, 413);
  });

  it("takes a body of exactly the limit", async () => {
    const empty = JSON.stringify(orderBody({ padding: "" }));
    const padding = "x".repeat(MAX_BODY_BYTES - empty.length);
    expectStatus(await a.post("/v2/orders", orderBody({ padding })), 200);
  });

  it("answers a thrown exception with nothing of the inside, and logs it with the request id", async () => {
    const log = vi.spyOn(console, "error").mockReturnValue(undefined);
    const broken = {
      ...env,
      DB: {
        prepare() {
          throw new Error("secret detail");
        },
      },
    };
    const headers = { Authorization: `Bearer ${a.key}` };
    const response = await app.request("/v2/orders", { headers }, broken);
    const body = await response.json<{ error: { type: string; request_id: string } }>();
    expect([response.status, body.error.type]).toEqual([500, "INTERNAL_ERROR"]);
    expect(JSON.stringify(body)).not.toContain("secret detail");
    expect(log).toHaveBeenCalledOnce();
    expect(JSON.parse(log.mock.calls[0]![0])).toMatchObject({
      request_id: body.error.request_id,
      error: { message: "secret detail", stack: expect.stringContaining("prepare") },
    });
  });
});

describe("the request id", () => {
  it("is on every response, and the sender's own is kept", async () => {
    const answer = await a.get("/v2/orders");
    expect(answer.headers.get("X-Request-Id")).toMatch(/^[0-9a-f-]{36}$/);
    const own = await a.send("GET", "/v2/unknown", undefined, { "X-Request-Id": "my-request-7" });
    expect(own.headers.get("X-Request-Id")).toBe("my-request-7");
    expect(own.body.error.request_id).toBe("my-request-7");
  });
});
