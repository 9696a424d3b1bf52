import * as fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { health } from "../../src/schemas/health.ts";
import { orderEvent } from "../../src/schemas/order-events.ts";
import { NOTIFICATION_KINDS } from "../../src/domain/webhooks.ts";
import { notification } from "../../src/schemas/notifications.ts";
import { order } from "../../src/schemas/orders.ts";
import { reconciliationList } from "../../src/schemas/reconciliation.ts";
import {
  storyInput,
  transaction,
  transactionEvent,
  transactionEventInput,
  transactionList,
  transactionWithEvents,
} from "../../src/schemas/transactions.ts";
import { webhook } from "../../src/schemas/webhooks.ts";
import {
  eventBody,
  expectStatus,
  newPartner,
  operator,
  orderBody,
  send,
  type Client,
} from "../support/client.ts";
import { headerValue, hostile, inUrl, numberInUrl, spoiled } from "../support/hostile.ts";
import { rowsOf } from "../support/rows.ts";
import { anyJson, ResponseAudit } from "../support/response-audit.ts";

/** How many requests each test sends. */
const REQUESTS = 700;

const audit = new ResponseAudit();

let attacker: Client;
let victim: Client;
let victimRows: string;
let orderId: string;
let eventId: string;
/** Of the victim. */
let transactionId: string;
let captureId: string;
/** Of the attacker. */
let ownTransactionId: string;

const SIMULATE = "/v2/simulate_transaction_event";

beforeAll(async () => {
  attacker = await newPartner();
  victim = await newPartner();
  orderId = await victim.createOrder({ id: "victim" });
  await attacker.createOrder({ id: "known" });
  eventId = (await victim.capture(orderId, 50)).body.order_event_id;
  const story = { story: "captured", amount: 50, network_transaction_id: "nt-1" };
  const simulated = expectStatus(await victim.post("/sandbox/transactions", story), 200).body;
  transactionId = simulated.transaction.id;
  captureId = simulated.events[1].event_id;
  const card = { payment_method_id: "pm", status: "APPROVED", amount: 100 };
  ownTransactionId = expectStatus(await attacker.post(SIMULATE, card), 200).body.transaction_id;
  victimRows = await rowsOf(victim);
});

const line = { name: "x", quantity: 1, rate: 1, rewards_rate: 1 };
const spoiledLines = fc.array(spoiled(line, [...Object.keys(line), "product_url"]), {
  maxLength: 3,
});
const orderFields = Object.keys(order.shape);
const eventFields = Object.keys(orderEvent.shape);
const orders = fc.oneof(
  spoiled(orderBody(), orderFields),
  spoiledLines.map((order_lines) => orderBody({ order_lines })),
  fc
    .array(spoiled({}, ["street_line1", "country"]))
    .map((merchant_address) => orderBody({ merchant_address })),
  hostile,
);
const events = fc.oneof(
  spoiled(eventBody({ order_id: "known" }), eventFields),
  spoiled(eventBody({ order_id: "victim", type: "REFUNDED" }), eventFields),
  spoiledLines.map((order_lines) => eventBody({ order_id: "known", order_lines })),
  hostile,
);

it("survives hostile values in every field", async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), orders, events, async (isOrder, one, other) => {
      const path = isOrder ? "/v2/orders" : "/v2/order_events";
      const response = await attacker.post(path, isOrder ? one : other);
      audit.expectResponse(response, isOrder ? order : orderEvent);
      if (response.status === 200) {
        const [list, id] = isOrder
          ? ["orders?id", "id"]
          : ["order_events?order_event_id", "order_event_id"];
        const stored = await attacker.get(`/v2/${list}=${encodeURIComponent(response.body[id])}`);
        expect(stored.body.data).toEqual([response.body]);
      }
      const put = await attacker.put("/v2/orders/known", one);
      audit.expectResponse(put, order);
      if (put.status === 200) {
        expect((await attacker.get("/v2/orders?id=known")).body.data).toEqual([put.body]);
      }
    }),
    { numRuns: REQUESTS / 2 },
  );
  expect(await rowsOf(victim)).toBe(victimRows);
});

const simulatedFields = Object.keys(transactionEventInput.in.shape);
const simulatedEvents = fc.oneof(
  fc
    .constantFrom(
      () => ({ payment_method_id: "pm", status: "CAPTURED", amount: 1 }),
      () => ({ payment_method_id: "pm", status: "CAPTURED", transaction_id: ownTransactionId }),
      () => ({ payment_method_id: "pm", status: "VOIDED", transaction_id: transactionId }),
      () => ({ payment_method_id: "pm", status: "REFUNDED", event_id: captureId, amount: 1 }),
    )
    .chain((body) => spoiled(body(), simulatedFields)),
  spoiled({}, ["name", "network_id", "category", "category_code", "address"]).map((merchant) => ({
    payment_method_id: "pm",
    status: "APPROVED",
    amount: 1,
    merchant,
  })),
  hostile,
);
const stories = fc.oneof(
  spoiled({ story: "refunded", amount: 1 }, Object.keys(storyInput.shape)),
  hostile,
);

it("survives hostile values in every field of the card side", async () => {
  const known = new Set([ownTransactionId]);
  await fc.assert(
    fc.asyncProperty(simulatedEvents, stories, async (event, story) => {
      const simulated = await attacker.post(SIMULATE, event);
      audit.expectResponse(simulated, transactionEvent);
      if (simulated.status === 200) {
        const { transaction_id } = simulated.body;
        const stored = await attacker.get(`/v2/transactions/${encodeURIComponent(transaction_id)}`);
        audit.expectResponse(stored, transaction);
        const customer = encodeURIComponent(stored.body.customer_id);
        const listed = await attacker.get(`/v2/customers/${customer}/transactions?limit=1`);
        audit.expectResponse(listed, transactionList);
        if (!known.has(transaction_id)) expect(listed.body.data).toEqual([stored.body]);
        known.add(transaction_id);
      }
      const played = await attacker.post("/sandbox/transactions", story);
      audit.expectResponse(played, transactionWithEvents);
    }),
    { numRuns: REQUESTS / 4 },
  );
  audit.expectResponse(await attacker.get("/sandbox/reconciliation"), reconciliationList);
  expect(await rowsOf(victim)).toBe(victimRows);
});

const webhooks = spoiled(
  { url: "https://partner-tools.dev/", kinds: ["TRANSACTION"], retry_after_seconds: [1] },
  Object.keys(webhook.shape),
);
const notifications = fc
  .tuple(
    fc.constantFrom(...NOTIFICATION_KINDS),
    spoiled({}, ["amount", "status", "merchant", "metadata"]),
  )
  .map(([object, data]) => ({ object, data }));

it("survives hostile webhooks, notifications and reports", async () => {
  const { id } = (await attacker.post("/sandbox/webhooks", {})).body;
  const known = (await attacker.post("/sandbox/notifications", { object: "REWARD" })).body;
  const reports = spoiled({ delivery_id: 1, attempt: 1, status: 500 }, [
    "delivery_id",
    "attempt",
    "status",
    "ms",
    "headers",
    "response_body",
    "error",
  ]);
  await fc.assert(
    fc.asyncProperty(webhooks, notifications, reports, async (one, sent, report) => {
      const path = "/sandbox/webhooks";
      const added = await attacker.post(path, one);
      audit.expectResponse(added, webhook);
      if (added.status === 200) await attacker.delete(`${path}/${added.body.id}`);
      // Nothing is sent anywhere: the changed webhook has no URL.
      const change = { ...one, url: undefined };
      audit.expectResponse(await attacker.send("PATCH", `${path}/${id}`, change), webhook);
      audit.expectResponse(await attacker.post("/sandbox/notifications", sent), notification);
      const attempts = `/sandbox/notifications/${known.id}/attempts`;
      audit.expectResponse(await attacker.post(attempts, report), notification);
    }),
    { numRuns: REQUESTS / 7 },
  );
  expect(await rowsOf(victim)).toBe(victimRows);
});

const VALID = JSON.stringify(orderBody({ order_lines: [line], total_order_amount: 1 }));
const nested = (open: string, close: string, depth: number) =>
  open.repeat(depth) + close.repeat(depth);
const brokenText = fc.oneof(
  fc.nat(VALID.length - 1).map((length) => VALID.slice(0, length)),
  fc
    .tuple(fc.nat(VALID.length - 1), fc.string({ unit: "binary", minLength: 1, maxLength: 3 }))
    .map(([at, text]) => VALID.slice(0, at) + text + VALID.slice(at + text.length)),
  fc.constantFrom(
    nested("[", "]", 50_000),
    nested('{"a":', "}", 20_000),
    `{"order_lines":${nested("[", "]", 10_000)}}`,
    '{"id":"a","id":"b"}',
    `${VALID.slice(0, -1)},"total_order_amount":"5"}`,
    '{"__proto__":{"environment_id":1}}',
    '{"total_order_amount":1e400}',
    '{"total_order_amount":99999999999999999999999}',
    '{"id":"\\ud800"}',
    "NaN",
    "\ufeff{}",
    "{}{}",
    " ",
    "0".repeat(1000),
  ),
);
const brokenBytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .tuple(fc.nat(VALID.length - 1), fc.constantFrom(0xff, 0xc0, 0x80, 0xed, 0x00))
    .map(([at, byte]) => {
      const bytes = new TextEncoder().encode(VALID);
      bytes[at] = byte;
      return bytes;
    }),
);

it("survives bodies that are not JSON, or useless JSON", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(brokenText, brokenBytes), async (body) => {
      const headers = {
        Authorization: `Bearer ${attacker.key}`,
        "Content-Type": "application/json",
      };
      for (const [path, schema] of [
        ["/v2/orders", order],
        ["/v2/order_events", orderEvent],
        [SIMULATE, transactionEvent],
      ] as const) {
        audit.expectResponse(await send("POST", path, { headers, body: body as BodyInit }), schema);
      }
    }),
    { numRuns: REQUESTS / 2 },
  );
  expect(await rowsOf(victim)).toBe(victimRows);
});

const parameter = fc.constantFrom(
  "id",
  "partner_order_id",
  "order_id",
  "order_event_id",
  "partner_event_id",
  "network_transaction_id",
  "finding",
  "limit",
  "starting_after",
  "unknown",
);
const header = fc.constantFrom(
  "If-Match",
  "Idempotency-Key",
  "X-Request-Id",
  "Content-Type",
  "Accept",
  "Authorization",
);

const root = fc.constantFrom(
  "/v2/orders",
  "/v2/order_events",
  SIMULATE,
  "/v2/transactions",
  "/v2/customers",
  "/sandbox/transactions",
  "/sandbox/reconciliation",
  "/sandbox/keys",
  "/sandbox/partners",
);
const lastSegment = fc.constantFrom("", "", "/transactions", "/reconciliation");
const query = fc.array(fc.tuple(parameter, fc.oneof(inUrl, numberInUrl)), { maxLength: 4 });

it("survives hostile paths, queries and headers", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("GET", "GET", "POST", "POST", "PUT", "DELETE", "PATCH"),
      root,
      fc.option(fc.tuple(fc.oneof(inUrl, numberInUrl), lastSegment)),
      query,
      fc.array(fc.tuple(header, headerValue), { maxLength: 2 }),
      async (method, path, segment, parameters, headers) => {
        const all = parameters.map((each) => each.join("=")).join("&");
        const url = `${path}${segment === null ? "" : `/${segment.join("")}`}?${all}`;
        const body = method === "POST" || method === "PUT" ? VALID : undefined;
        const response = await attacker.send(method, url, body, Object.fromEntries(headers));
        audit.expectResponse(response, anyJson);
      },
    ),
    { numRuns: REQUESTS },
  );
  // The same IDs must not exist for another partner.
  for (const path of [`/v2/orders/${orderId}`, `/v2/order_events/${eventId}`]) {
    audit.expectResponse(await attacker.delete(path), anyJson);
  }
  audit.expectResponse(await attacker.get(`/v2/transactions/${transactionId}`), anyJson);
  expect(await rowsOf(victim)).toBe(victimRows);
});

it("returns the same health whatever the request contains", async () => {
  await fc.assert(
    fc.asyncProperty(query, header, headerValue, async (parameters, name, value) => {
      const all = parameters.map((each) => each.join("=")).join("&");
      const response = await send("GET", `/health?${all}`, { headers: { [name]: value } });
      audit.expectResponse(response, health.strict());
      expect(response.status).toBe(200);
    }),
    { numRuns: REQUESTS / 7 },
  );
});

it("survives hostile requests of the operator", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.oneof(inUrl, numberInUrl),
      query,
      spoiled({ name: "Partner" }, ["name"]),
      async (isOperator, segment, parameters, body) => {
        const caller = isOperator ? operator : attacker;
        const all = parameters.map((each) => each.join("=")).join("&");
        for (const response of [
          await caller.get(`/sandbox/partners?${all}`),
          await caller.post("/sandbox/partners", body),
          await caller.post(`/sandbox/partners/${segment}/keys?${all}`),
        ]) {
          audit.expectResponse(response, anyJson);
          if (!isOperator) expect([401, 404, 405]).toContain(response.status);
        }
      },
    ),
    { numRuns: REQUESTS / 7 },
  );
  expect(await rowsOf(victim)).toBe(victimRows);
});

it("has sent at least 3,200 requests, some of them valid", () => {
  audit.report();
  expect(audit.requests).toBeGreaterThanOrEqual(3_200);
  expect([...audit.statuses.keys()]).toEqual(expect.arrayContaining([200, 400, 401, 404, 405]));
});
