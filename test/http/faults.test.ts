import { exports } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { FAULT_NAMES, FAULTS, isDelaying, type FaultName } from "../../src/domain/faults.ts";
import {
  costOf,
  eventBody,
  expectStatus,
  newPartner,
  orderBody,
  refusalOf,
  type Client,
} from "../support/client.ts";

const FAULT_PATH = "/sandbox/faults";
const DELAY_MILLISECONDS = 20;
const add = async (partner: Client, input: object): Promise<{ id: string }> =>
  expectStatus(await partner.post(FAULT_PATH, input), 200).body;
const faults = async (partner: Client) => (await partner.get(FAULT_PATH)).body.data;

/** Sends a request, and returns the part of the response that arrives before it breaks off. */
async function sendToTheEnd(
  partner: Client,
  method: string,
  path: string,
  init: { body?: object; fault?: string } = {},
) {
  const { body, fault } = init;
  const response = await exports.default.fetch(`https://sandbox.test${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${partner.key}`,
      ...(body && { "Content-Type": "application/json" }),
      ...(fault !== undefined && { "Sandbox-Fault": fault }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  let text = "";
  let error: string | undefined;
  try {
    for await (const chunk of response.body ?? []) text += new TextDecoder().decode(chunk);
  } catch (thrown) {
    error = (thrown as Error).message;
  }
  return { status: response.status, headers: response.headers, text, error };
}

interface Expected {
  status?: number;
  type?: string;
  retryAfter?: string;
  error?: string;
}

/** The response that a client receives, by fault. */
const RESPONSES: Record<FaultName, Expected> = {
  error: { status: 500, type: "INTERNAL_ERROR" },
  unavailable: { status: 503, type: "SERVICE_UNAVAILABLE_ERROR", retryAfter: "1" },
  rate_limited: { status: 429, type: "RATE_LIMIT_ERROR", retryAfter: "1" },
  delay: { status: 200 },
  slow_body: { status: 200 },
  error_after_commit: { status: 500, type: "INTERNAL_ERROR" },
  bad_gateway: { status: 502 },
  gateway_timeout: { status: 504 },
  lost_response: { error: "interrupted by a fault" },
  cut_response: { status: 200, error: "interrupted by a fault" },
};

describe.each(FAULT_NAMES)("%s", (fault) => {
  const expected = RESPONSES[fault];
  const delay = isDelaying(fault) ? { delay_ms: DELAY_MILLISECONDS } : {};
  const header = isDelaying(fault) ? `${fault};delay_ms=${DELAY_MILLISECONDS}` : fault;

  it.each(["stored", "in the header"])(
    "%s: returns its response, and executes the request only if it should",
    async (kind) => {
      const partner = await newPartner();
      const isStored = kind === "stored";
      const { id } = isStored ? await add(partner, { fault, ...delay }) : { id: "" };
      const body = orderBody({ id: "order-1" });
      const init = { body, ...(!isStored && { fault: header }) };
      const response = await sendToTheEnd(partner, "POST", "/v2/orders", init);
      if (expected.status) expect(response.status).toBe(expected.status);
      if (expected.type) expect(JSON.parse(response.text).error.type).toBe(expected.type);
      expect(response.headers.get("Retry-After")).toBe(expected.retryAfter ?? null);
      expect(response.error).toBe(expected.error);
      const received = response.text === "" ? "nothing" : "part";
      expect(response.error ? received : "everything").toBe(FAULTS[fault].delivers);
      const applied = isStored ? `${fault};id="${id}"` : fault;
      if (FAULTS[fault].delivers !== "nothing")
        expect(response.headers.get("Sandbox-Fault-Applied")).toBe(applied);
      expect((await partner.get("/v2/orders")).body.total).toBe(FAULTS[fault].executes ? 1 : 0);
    },
  );

  it("is logged with its ID", async () => {
    const partner = await newPartner();
    const { id } = await add(partner, { fault, ...delay });
    const log = vi.spyOn(console, "log");
    await sendToTheEnd(partner, "GET", "/v2/orders");
    await sendToTheEnd(partner, "GET", "/v2/orders", { fault: header });
    await sendToTheEnd(partner, "GET", "/v2/orders");
    const lines = log.mock.calls
      .map(([line]) => JSON.parse(String(line)))
      .filter(({ route }) => route === "/v2/orders");
    expect(lines).toMatchObject([{ fault, fault_id: id }, { fault }, {}]);
    expect(lines[1]).not.toHaveProperty("fault_id");
    expect(lines[2]).not.toHaveProperty("fault");
    if (FAULTS[fault].delivers === "nothing") expect(lines[0].status).toBeNull();
    else expect(lines[0].status).toBe(expected.status);
  });
});

describe("a fault that rejects the request", () => {
  it("acts before validation and without a query to D1", async () => {
    const partner = await newPartner();
    await add(partner, { fault: "error", times: 3 });
    const malformed = await partner.post("/v2/orders", "{");
    expectStatus(malformed, 500);
    expect(costOf(malformed).queries).toBe(0);
    expectStatus(await partner.get("/v2/orders?limit=none"), 500);
    expectStatus(await partner.delete("/v2/orders/unknown"), 500);
    expectStatus(await partner.post("/v2/orders", "{"), 400);
  });
});

describe("a fault that alters the response", () => {
  it("alters an error too", async () => {
    const partner = await newPartner();
    await add(partner, { fault: "gateway_timeout", times: 3 });
    for (const path of ["/v2/orders?limit=0", "/v2/nothing"]) {
      expect((await sendToTheEnd(partner, "GET", path)).status).toBe(504);
    }
    const missing = await sendToTheEnd(partner, "DELETE", "/v2/orders/unknown");
    expect(missing).toMatchObject({ status: 504, text: expect.stringMatching(/^<html>/) });
    expect(missing.headers.get("Content-Type")).toBe("text/html");
    const cut = await sendToTheEnd(partner, "GET", "/v2/nothing", { fault: "cut_response" });
    expect(cut).toMatchObject({ status: 404, error: expect.anything() });
    const wrongMethod = await sendToTheEnd(partner, "PATCH", "/v2/orders", {
      fault: "delay;delay_ms=1",
    });
    expect(wrongMethod.status).toBe(405);
    expect(wrongMethod.headers.get("Sandbox-Fault-Applied")).toBe("delay");
    const cutMethod = await sendToTheEnd(partner, "PATCH", "/v2/orders", { fault: "cut_response" });
    expect(cutMethod).toMatchObject({ status: 405, error: expect.anything() });
  });

  it("sends none of the headers of a response that it replaces", async () => {
    const partner = await newPartner();
    const body = orderBody({ id: "order-1" });
    await partner.post("/v2/orders", body);
    for (const fault of ["error_after_commit", "gateway_timeout"]) {
      const { headers } = await sendToTheEnd(partner, "POST", "/v2/orders", { body, fault });
      expect(headers.get("ETag")).toBeNull();
      expect(headers.get("Idempotent-Replayed")).toBeNull();
      expect(headers.get("X-Request-Id")).toMatch(/^[\w-]{36}$/);
      expect(headers.get("Cache-Control")).toBe("no-store");
    }
  });

  it("executes the request once: the retry returns the stored event", async () => {
    const partner = await newPartner();
    await partner.createOrder({ id: "order-1" });
    await add(partner, { fault: "lost_response", match: { path: "/v2/order_events" } });
    const body = eventBody({ order_id: "order-1", partner_event_id: "pe-1" });
    expect((await sendToTheEnd(partner, "POST", "/v2/order_events", { body })).error).toBeDefined();
    const retried = expectStatus(await partner.post("/v2/order_events", body), 200);
    expect(retried.headers.get("Idempotent-Replayed")).toBe("true");
    expect((await partner.get("/v2/order_events?order_id=order-1")).body.total).toBe(1);
  });
});

describe("cut_response", () => {
  it("sends half of the bytes, with the headers of the whole response", async () => {
    const partner = await newPartner();
    await partner.createOrder({ id: "order-1", merchant_name: "Ünïcödé & Søn" });
    const { text: whole } = await partner.get("/v2/orders");
    const cut = await sendToTheEnd(partner, "GET", "/v2/orders", { fault: "cut_response" });
    const bytes = new TextEncoder().encode(whole);
    expect(cut.text).toBe(new TextDecoder().decode(bytes.slice(0, Math.ceil(bytes.length / 2))));
    expect(cut.headers.get("Content-Type")).toBe("application/json");
  });

  it("loses a response without a body", async () => {
    const partner = await newPartner();
    await partner.createOrder({ id: "order-1" });
    const path = "/v2/orders/order-1";
    const cut = await sendToTheEnd(partner, "DELETE", path, { fault: "cut_response" });
    expect(cut).toMatchObject({ text: "", error: expect.anything() });
    expect((await partner.get("/v2/orders")).body.total).toBe(0);
  });
});

describe("slow_body", () => {
  it("sends the headers immediately, and all of the body after delay_ms", async () => {
    const partner = await newPartner();
    await partner.createOrder();
    const { text: whole } = await partner.get("/v2/orders");
    const start = performance.now();
    const response = await exports.default.fetch("https://sandbox.test/v2/orders", {
      headers: {
        Authorization: `Bearer ${partner.key}`,
        "Sandbox-Fault": "slow_body;delay_ms=1000",
      },
    });
    const headersAt = performance.now();
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += new TextDecoder().decode(chunk);
    }
    expect(text).toBe(whole);
    expect(performance.now() - headersAt).toBeGreaterThan(100);
    expect(performance.now() - start).toBeGreaterThanOrEqual(990);
  });

  it("does not change a response without a body", async () => {
    const partner = await newPartner();
    await partner.createOrder({ id: "order-1" });
    const path = "/v2/orders/order-1";
    const deleted = await sendToTheEnd(partner, "DELETE", path, { fault: "slow_body;delay_ms=1" });
    expect(deleted).toMatchObject({ status: 204, text: "" });
    expect(deleted.headers.get("Sandbox-Fault-Applied")).toBe("slow_body");
  });
});

describe("the parameters of a fault", () => {
  it("set the status of an error", async () => {
    const partner = await newPartner();
    await add(partner, { fault: "error", status: 599 });
    await add(partner, { fault: "error_after_commit", status: 503 });
    const rejected = await sendToTheEnd(partner, "GET", "/v2/orders");
    expect(rejected.status).toBe(599);
    expect(JSON.parse(rejected.text).error.type).toBe("INTERNAL_ERROR");
    const replaced = await sendToTheEnd(partner, "GET", "/v2/orders");
    expect(replaced.status).toBe(503);
    expect(replaced.headers.get("Retry-After")).toBeNull();
    const inHeader = await sendToTheEnd(partner, "GET", "/v2/orders", {
      fault: "error;status=507",
    });
    expect(inHeader.status).toBe(507);
  });

  it.each(["unavailable", "rate_limited"])("set the Retry-After of %s", async (fault) => {
    const partner = await newPartner();
    await add(partner, { fault, retry_after: 120 });
    const { headers } = await partner.get("/v2/orders");
    expect(headers.get("Retry-After")).toBe("120");
  });
});

describe("delay", () => {
  it("commits first, then waits", async () => {
    const partner = await newPartner();
    await add(partner, { fault: "delay", delay_ms: 1_500, match: { method: "POST" } });
    const start = performance.now();
    let hasResponded = false;
    const delayed = partner.post("/v2/orders", orderBody({ id: "order-1" }));
    void delayed.then(() => (hasResponded = true));
    const total = async () => (await partner.get("/v2/orders")).body.total;
    await expect.poll(total).toBe(1);
    expect(hasResponded).toBe(false);
    expectStatus(await delayed, 200);
    expect(performance.now() - start).toBeGreaterThanOrEqual(1_490);
  });
});

describe("the header", () => {
  it("takes precedence over the environment's faults, and uses none up", async () => {
    const partner = await newPartner();
    await add(partner, { fault: "error" });
    const headers = { "Sandbox-Fault": "unavailable" };
    expectStatus(await partner.send("GET", "/v2/orders", undefined, headers), 503);
    expect(await faults(partner)).toHaveLength(1);
    expectStatus(await partner.get("/v2/orders"), 500);
  });

  it.each(["delay;delay_ms=300", "delay;ms=300"])(
    "sets the length of a delay: %s",
    async (sent) => {
      const partner = await newPartner();
      const start = performance.now();
      const delayed = await partner.send("GET", "/v2/orders", undefined, { "Sandbox-Fault": sent });
      expect(expectStatus(delayed, 200).headers.get("Sandbox-Fault-Applied")).toBe("delay");
      expect(performance.now() - start).toBeGreaterThanOrEqual(299);
    },
  );

  it.each([
    ["", "the name of a fault"],
    ["lost", "Expected one of error, unavailable, "],
    ["lost_respones", "Expected one of 10 values (did you mean lost_response?)"],
    ['"lost_response"', "the name of a fault"],
    ["lost_response, delay", "the name of a fault"],
    ["delay", "delay_ms: Expected a value, which delay needs"],
    ["delay;ms", "delay_ms: Expected a whole number, but received true"],
    ["delay;ms=60001", "delay_ms: Expected a whole number of at most 60000, but received 60001"],
    ["delay;ms=-1", "delay_ms: Expected a whole number of at least 0, but received -1"],
    ["delay;ms=1.50", "delay_ms: Expected a whole number, but received 1.50"],
    ["delay;delay_ms=-0.50", "delay_ms: Expected a whole number, but received -0.50"],
    ['delay;ms="3"', 'delay_ms: Expected a whole number, but received "3"'],
    ["delay;seconds=3", "seconds"],
    ["lost_response;ms=3", "delay_ms: Expected none with lost_response"],
    ["error;status=499", "status: Expected a whole number of at least 500, but received 499"],
    ["unavailable;status=500", "status: Expected none with unavailable"],
    ["delay;ms=3;ms=4", 'each parameter once, but received "delay;ms=3;ms=4"'],
    ["error;status=500;status=500", "each parameter once"],
    ["delay;ms=3;delay_ms=3", "each parameter once"],
  ])("is rejected if it is %o", async (sent, expected) => {
    const partner = await newPartner();
    await add(partner, { fault: "error" });
    const headers = { "Sandbox-Fault": sent };
    const refused = await partner.send("POST", "/v2/orders", orderBody(), headers);
    expect(refusalOf(refused)).toMatchObject({ status: 400, param: "Sandbox-Fault" });
    expect(refused.body.error.message).toContain(expected);
    expect(await faults(partner)).toHaveLength(1);
  });

  it("needs a valid key", async () => {
    const response = await exports.default.fetch("https://sandbox.test/v2/orders", {
      headers: { "Sandbox-Fault": "lost_response" },
    });
    expect(response.status).toBe(401);
    expect(await response.text()).toContain("AUTHENTICATION_ERROR");
  });
});

describe("match", () => {
  const event = eventBody({
    order_id: "o",
    order_event_id: "e",
    partner_event_id: "pe",
  });
  it.each<[match: object, method: string, path: string, body?: object]>([
    [{ method: "GET" }, "GET", "/v2/orders"],
    [{ path: "/v2/orders/:order_id" }, "DELETE", "/v2/orders/o"],
    [{ path: "/v2/*" }, "GET", "/v2/nothing"],
    [{ order_id: "o" }, "DELETE", "/v2/orders/o"],
    [{ order_id: "o" }, "PUT", "/v2/orders/o", orderBody()],
    [{ order_id: "o" }, "POST", "/v2/orders", orderBody({ id: "o" })],
    [{ order_id: "o" }, "POST", "/v2/order_events", event],
    [{ order_id: "o" }, "GET", "/v2/orders?id=o"],
    [{ order_id: "o" }, "GET", "/v2/order_events?order_id=o"],
    [{ partner_order_id: "po-1" }, "POST", "/v2/orders", orderBody()],
    [{ partner_order_id: "po-1" }, "GET", "/v2/orders?partner_order_id=po-1"],
    [{ order_event_id: "e" }, "POST", "/v2/order_events", event],
    [{ order_event_id: "e" }, "DELETE", "/v2/order_events/e"],
    [{ order_event_id: "e" }, "GET", "/v2/order_events?order_event_id=e"],
    [{ partner_event_id: "pe" }, "POST", "/v2/order_events", event],
    [{ type: "CAPTURED" }, "POST", "/v2/order_events", event],
    [{ partner_event_id: "pe" }, "GET", "/v2/order_events?partner_event_id=pe"],
  ])("%o matches %s %s", async (match, method, path, body) => {
    const partner = await newPartner();
    await add(partner, { fault: "unavailable", match: { ...match, order_id: "another" } });
    await add(partner, { fault: "unavailable", match });
    const found = await sendToTheEnd(partner, method, path, body && { body });
    expect(found.status).toBe(503);
    expect(await faults(partner)).toHaveLength(1);
  });

  it.each([
    [{ order_id: "p" }, "POST", orderBody({ id: "o" })],
    [{ order_id: "o", partner_event_id: "pe" }, "POST", orderBody({ id: "o" })],
    [{ order_id: "o", method: "PUT" }, "POST", orderBody({ id: "o" })],
    [{ path: "/v2/orders/*" }, "GET", undefined],
    [{ type: "REFUNDED" }, "POST", orderBody({ id: "o" })],
  ])("%o does not match another request", async (match, method, body) => {
    const partner = await newPartner();
    await add(partner, { fault: "unavailable", match });
    expect(
      (await sendToTheEnd(partner, method, "/v2/orders", { ...(body && { body }) })).status,
    ).toBe(200);
  });

  it("reads a body without a Content-Length, which is still validated", async () => {
    const partner = await newPartner();
    await add(partner, { fault: "delay", delay_ms: 1, match: { order_id: "o" } });
    const post = (text: string) => {
      const { readable, writable } = new TransformStream();
      const writer = writable.getWriter();
      const written = writer.write(new TextEncoder().encode(text)).then(() => writer.close());
      written.catch(() => undefined);
      return exports.default.fetch("https://sandbox.test/v2/orders", {
        method: "POST",
        headers: { Authorization: `Bearer ${partner.key}`, "Content-Type": "application/json" },
        body: readable,
      });
    };
    const large = await post(JSON.stringify(orderBody({ id: "p", x: "x".repeat(300_000) })));
    expect(large.status).toBe(413);
    expect(await faults(partner)).toHaveLength(1);
    const found = await post(JSON.stringify(orderBody({ id: "o" })));
    expect(found.status).toBe(200);
    expect(found.headers.get("Sandbox-Fault-Applied")).toMatch(/^delay;/);
    expect(await found.json()).toMatchObject({ id: "o" });
    expect(await faults(partner)).toEqual([]);
  });
});

describe("of several faults", () => {
  it("only the oldest matching fault applies, and a fault counts only the requests that reach it", async () => {
    const partner = await newPartner();
    await add(partner, { fault: "error", times: 2, match: { method: "GET" } });
    await add(partner, { fault: "unavailable", skip: 1 });
    const statuses = [];
    for (let sent = 0; sent < 5; sent += 1) {
      statuses.push((await partner.get("/v2/orders")).status);
    }
    expect(statuses).toEqual([500, 500, 200, 503, 200]);
  });

  it("a fault that skips a request leaves the request to the next fault", async () => {
    const partner = await newPartner();
    await add(partner, { fault: "error", skip: 1 });
    await add(partner, { fault: "unavailable" });
    expectStatus(await partner.get("/v2/orders"), 503);
    expectStatus(await partner.get("/v2/orders"), 500);
  });

  it("with times: 7 and skip: 3, exactly 7 of 500 concurrent requests fail", async () => {
    const partner = await newPartner();
    await add(partner, { fault: "unavailable", times: 7, skip: 3 });
    const responses = await Promise.all(
      Array.from({ length: 500 }, () => partner.get("/v2/orders")),
    );
    expect(responses.filter(({ status }) => status === 503)).toHaveLength(7);
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(493);
    expect(await faults(partner)).toEqual([]);
  });
});

it("applies a fault that is added after an earlier one is used up", async () => {
  const partner = await newPartner();
  await add(partner, { fault: "error" });
  expectStatus(await partner.get("/v2/orders"), 500);
  expectStatus(await partner.get("/v2/orders"), 200);
  await add(partner, { fault: "error" });
  expectStatus(await partner.get("/v2/orders"), 500);
});
