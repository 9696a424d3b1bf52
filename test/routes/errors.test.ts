import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { MAX_BODY_BYTES } from "../../src/http/request-body.ts";
import {
  expectStatus,
  newPartner,
  orderBody,
  refusalOf,
  send,
  type Client,
} from "../support/client.ts";
import { OPERATIONS } from "../support/operations.ts";

let a: Client;
beforeAll(async () => {
  a = await newPartner();
});
afterEach(() => vi.restoreAllMocks());

describe("the envelope", () => {
  it("responds 404 to unknown paths, with and without a key", async () => {
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
  ])("responds 405 to %s %s, with the methods of the path", async (method, path, allow) => {
    const response = await a.send(method, path);
    expect(refusalOf(response)).toEqual({ status: 405, type: "METHOD_NOT_ALLOWED_ERROR" });
    expect(response.headers.get("Allow")).toBe(allow);
  });

  it.each([
    ["/v2/orders/order-1", "/v2/orders?id=order-1"],
    ["/v2/order_events/event-1", "/v2/order_events?order_event_id=event-1"],
  ])("names the filter that replaces GET %s", async (path, filter) => {
    const { body } = await a.get(path);
    expect(body.error.message).toContain(`To read it, send GET ${filter}.`);
  });

  it.each(["{", "", '{"a":1,}', "nul"])("rejects malformed JSON: %s", async (body) => {
    const response = await a.post("/v2/orders", body);
    expect(refusalOf(response)).toEqual({ status: 400, type: "INVALID_REQUEST_ERROR" });
    expect(response.body.error.message).toMatch(/^The body is not valid JSON: .+/);
  });

  it.each(["null", "[]", '"order"', "7"])(
    "rejects JSON that is not an object: %s",
    async (body) => {
      expect(refusalOf(await a.post("/v2/orders", body))).toMatchObject({ status: 400 });
    },
  );

  it("rejects invalid UTF-8", async () => {
    const response = await send("POST", "/v2/orders", {
      body: new Uint8Array([0x7b, 0xff, 0x7d]),
      headers: { Authorization: `Bearer ${a.key}`, "Content-Type": "application/json" },
    });
    expect(refusalOf(response)).toEqual({ status: 400, type: "INVALID_REQUEST_ERROR" });
    expect(response.body.error.message).toContain("UTF-8");
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "application/jsonx"])(
    "rejects the content type %s",
    async (contentType) => {
      const response = await a.post("/v2/orders", orderBody(), { "Content-Type": contentType });
      expect(refusalOf(response)).toEqual({ status: 415, type: "UNSUPPORTED_MEDIA_TYPE_ERROR" });
      expect(response.body.error.message).toContain(contentType);
    },
  );

  it.each(["gzip", "GZIP", "br", "gzip, identity"])(
    "rejects the Content-Encoding %s, and names the header",
    async (encoding) => {
      const gzip = new Blob([JSON.stringify(orderBody())])
        .stream()
        .pipeThrough(new CompressionStream("gzip"));
      const response = await send("POST", "/v2/orders", {
        body: await new Response(gzip).arrayBuffer(),
        headers: {
          Authorization: `Bearer ${a.key}`,
          "Content-Type": "application/json",
          "Content-Encoding": encoding,
        },
      });
      expect(refusalOf(response)).toEqual({ status: 415, type: "UNSUPPORTED_MEDIA_TYPE_ERROR" });
      expect(response.body.error.message).toContain(`received Content-Encoding: ${encoding}`);
    },
  );

  it("accepts the Content-Encoding identity", async () => {
    const headers = { "Content-Encoding": "identity" };
    expectStatus(await a.post("/v2/orders", orderBody(), headers), 200);
  });

  it("rejects a body that ends early, and logs no error", async () => {
    const log = vi.spyOn(console, "error").mockReturnValue(undefined);
    const body = new ReadableStream({
      pull: (controller) => controller.error(new Error("Network connection lost.")),
    });
    const headers = { Authorization: `Bearer ${a.key}`, "Content-Type": "application/json" };
    const request = new Request("https://sandbox.test/v2/orders", {
      method: "POST",
      headers,
      body,
    });
    const response = await app.fetch(request, env, createExecutionContext());
    const { error } = await response.json<{ error: { type: string; message: string } }>();
    expect([response.status, error.type]).toEqual([400, "INVALID_REQUEST_ERROR"]);
    expect(error.message).toContain("ended early");
    expect(log).not.toHaveBeenCalled();
  });

  it("accepts JSON with a charset", async () => {
    const headers = { "Content-Type": "Application/JSON; charset=utf-8" };
    expectStatus(await a.post("/v2/orders", orderBody(), headers), 200);
  });

  it("rejects a body that is too large, with and without a Content-Length", async () => {
    const body = JSON.stringify(orderBody({ padding: "x".repeat(MAX_BODY_BYTES) }));
    const declared = await a.post("/v2/orders", body);
    expect(refusalOf(declared)).toEqual({ status: 413, type: "PAYLOAD_TOO_LARGE_ERROR" });
    const streamed = await send("POST", "/v2/orders", {
      body: new Blob([body]).stream(),
      headers: { Authorization: `Bearer ${a.key}`, "Content-Type": "application/json" },
    });
    expectStatus(streamed, 413);
  });

  it("accepts a body of exactly the limit", async () => {
    const empty = JSON.stringify(orderBody({ padding: "" }));
    const padding = "x".repeat(MAX_BODY_BYTES - empty.length);
    expectStatus(await a.post("/v2/orders", orderBody({ padding })), 200);
  });

  it("hides the cause of a thrown exception, and logs it with the request ID", async () => {
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
    const request = new Request("https://sandbox.test/v2/orders", { headers });
    const response = await app.fetch(request, broken, createExecutionContext());
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

/** The stored amount, or the message that rejects it. */
const messageFor = async (amount: string) => {
  const body = JSON.stringify(orderBody({ total_order_amount: 0 })).replace(
    '"total_order_amount":0',
    `"total_order_amount": ${amount}`,
  );
  const response = await a.post("/v2/orders", body);
  return response.status === 200
    ? response.body.total_order_amount
    : response.body.error.violations[0].message;
};
describe("numbers in messages", () => {
  const RANGE = "Expected a whole number from -9007199254740991 to 9007199254740991";

  it.each([
    ["1e400", `${RANGE}, but received 1e400`],
    ["9007199254740993", `${RANGE}, but received 9007199254740993`],
    ["-9007199254740993", `${RANGE}, but received -9007199254740993`],
    ["9007199254740991.4", "Expected a whole number, but received 9007199254740991.4"],
    ["1.50", "Expected a whole number, but received 1.50"],
    ["-1", "Expected a whole number of at least 0, but received -1"],
  ])("repeat %s as sent", async (amount, message) => {
    expect(await messageFor(amount)).toBe(message);
  });

  it.each([
    ["1.0", 1],
    ["5e3", 5_000],
    ["9007199254740991", 9_007_199_254_740_991],
  ])("are whole as %s", async (amount, stored) => {
    expect(await messageFor(amount)).toBe(stored);
  });

  it("are not rounded in a field that expects text", async () => {
    const body = '{"partner_order_id": 12345678901234567890}';
    const { violations } = (await a.post("/v2/orders", body)).body.error;
    expect(violations).toContainEqual({
      param: "partner_order_id",
      message: "Expected text, but received 12345678901234567890",
    });
  });
});

describe("a repeated parameter", () => {
  it.each([
    ["/v2/orders?limit=1&limit=2", "limit", 2],
    ["/v2/order_events?order_id=a&order_id=a&order_id=b", "order_id", 3],
  ])("is rejected with its count: %s", async (path, param, count) => {
    const { violations } = expectStatus(await a.get(path), 400).body.error;
    const message = `Expected this parameter once, but received it ${count} times`;
    expect(violations).toEqual([{ param, message }]);
  });
});

describe("the request ID", () => {
  it("is on every response, and a client can choose it", async () => {
    const response = await a.get("/v2/orders");
    expect(response.headers.get("X-Request-Id")).toMatch(/^[0-9a-f-]{36}$/);
    const own = await a.send("GET", "/v2/unknown", undefined, { "X-Request-Id": "my-request-7" });
    expect(own.headers.get("X-Request-Id")).toBe("my-request-7");
    expect(own.body.error.request_id).toBe("my-request-7");
  });
});

const LONG = "x".repeat(12_000);
/** More than any message with two IDs of 255 characters. */
const MAX_MESSAGE_CHARACTERS = 1_000;

describe("a long value", () => {
  const withBody = ([method]: [string, string]) => method === "POST" || method === "PUT";
  const deep = { [LONG]: { [LONG]: 1 }, headers: { [LONG]: 1 }, match: { [LONG]: 1 } };

  it.each<[string, (operation: [string, string]) => Parameters<Client["send"]> | undefined]>([
    ["path", ([method, path]) => [method, `${path}/${LONG}`]],
    ["path's parameter", ([method, path]) => [method, path.replace(/\/1(?=\/|$)/, `/${LONG}`)]],
    ["parameter", ([method, path]) => [method, `${path}?limit=${LONG}&${LONG}=1`]],
    ["method's path", ([, path]) => ["PATCH", `${path}/${LONG}`]],
    ...[
      "Content-Type",
      "Content-Encoding",
      "Authorization",
      "Idempotency-Key",
      "If-Match",
      "Last-Event-ID",
      "Sandbox-Fault",
      "X-Request-Id",
    ].map((name): [string, (operation: [string, string]) => Parameters<Client["send"]>] => [
      `header ${name}`,
      ([method, path]) => [
        method,
        path,
        withBody([method, path]) ? {} : undefined,
        { [name]: LONG },
      ],
    ]),
    [
      "parameter of a fault",
      ([method, path]) => [method, path, undefined, { "Sandbox-Fault": `delay;${LONG}=1` }],
    ],
    ["field's name", (operation) => (withBody(operation) ? [...operation, deep] : undefined)],
    [
      "field's value",
      (operation) =>
        withBody(operation)
          ? [
              ...operation,
              { id: LONG, order_id: LONG, object: LONG, fault: LONG, name: LONG, url: LONG },
            ]
          : undefined,
    ],
    [
      "repeated field",
      (operation) =>
        withBody(operation) ? [...operation, `{"${LONG}":1,"${LONG}":2}`] : undefined,
    ],
  ])("is cut in every message that repeats it: %s", async (_, requestOf) => {
    const client = await newPartner();
    for (const operation of OPERATIONS) {
      const request = requestOf(operation);
      // A stream would not end.
      if (!request || operation[1].endsWith("/stream")) continue;
      const { status, body } = await client.send(...request);
      if (status < 400) continue;
      const { message, param = "", violations = [] } = body.error ?? body;
      const texts = [message, param, ...violations.flatMap((each: object) => Object.values(each))];
      const longest = Math.max(...texts.map((text: string) => text.length));
      expect(longest, `${operation.join(" ")}: ${message}`).toBeLessThan(MAX_MESSAGE_CHARACTERS);
    }
  });
});
