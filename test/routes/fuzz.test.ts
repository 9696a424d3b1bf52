import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { errorEnvelope } from "../../src/schemas/errors.ts";
import { orderEvent } from "../../src/schemas/order-events.ts";
import { order } from "../../src/schemas/orders.ts";
import {
  eventBody,
  newPartner,
  orderBody,
  send,
  type Answer,
  type Client,
} from "../support/client.ts";

/** How many requests each of the tests sends. */
const REQUESTS = 700;

let attacker: Client;
let victim: Client;
let victimRows: string;
let orderId: string;
let eventId: string;

/** All that D1 has of the victim. */
async function rowsOfVictim(): Promise<string> {
  const tables = [
    "orders",
    "order_lines",
    "order_events",
    "order_event_lines",
    "order_changes",
    "api_keys",
  ];
  const results = await env.DB.batch(
    tables.map((table) =>
      env.DB.prepare(`SELECT * FROM ${table} WHERE environment_id = ?`).bind(victim.environmentId),
    ),
  );
  return JSON.stringify(results.map((each) => each.results));
}

beforeAll(async () => {
  attacker = await newPartner();
  victim = await newPartner();
  orderId = await victim.createOrder({ id: "victim" });
  await attacker.createOrder({ id: "known" });
  eventId = (await victim.capture(orderId, 50)).body.order_event_id;
  victimRows = await rowsOfVictim();
});

const logged: unknown[] = [];
beforeEach(() => {
  logged.length = 0;
  vi.spyOn(console, "error").mockImplementation((entry) => logged.push(entry));
});
afterEach(() => vi.restoreAllMocks());

/** How often each status was answered, in all of the tests. */
const statuses = new Map<number, number>();

/** A 4xx in the envelope, or a 2xx that is what its schema says. */
function expectAnswered({ status, text, body }: Answer, schema: { parse(body: unknown): unknown }) {
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
  expect(logged).toEqual([]);
  if (status === 204) return;
  if (status >= 200 && status < 300) schema.parse(body);
  else {
    expect(status, text).toBeGreaterThanOrEqual(400);
    expect(status, text).toBeLessThan(500);
    errorEnvelope.strict().parse(body);
    expect(text).not.toMatch(/SQLITE|D1_ERROR|\bat \w+ \(/);
  }
}

const sql = fc.constantFrom(
  "'; DROP TABLE orders; --",
  "' OR '1'='1",
  "1) UNION SELECT hash FROM api_keys --",
  '"; DELETE FROM order_events; --',
  "%' ESCAPE '\\",
);
const strange = fc.constantFrom<unknown>(
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\udfff x",
  "\u202e",
  "\ufeff",
  "😀".repeat(200),
  "x".repeat(300),
  "x".repeat(100_000),
  "__proto__",
  "constructor",
  -0,
  -1,
  0.1,
  1e21,
  2 ** 53,
  Number.MIN_SAFE_INTEGER,
  1e308,
  null,
  true,
  [],
  {},
  [[]],
  { toString: 1, valueOf: null },
);
const hostile = fc.oneof(
  sql,
  strange,
  fc.jsonValue({ maxDepth: 4 }),
  fc.string({ unit: "binary" }),
);

/** A valid body, some of whose fields have been given values that they can't have. */
const spoiled = (body: object, fields: string[]) =>
  fc
    .dictionary(fc.constantFrom(...fields, "__proto__", "constructor", "unknown"), hostile, {
      minKeys: 1,
      maxKeys: 4,
      noNullPrototype: true,
    })
    .map((spoils) => Object.assign({}, body, spoils));

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

it("answers hostile values in every field", async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), orders, events, async (isOrder, one, other) => {
      const path = isOrder ? "/v2/orders" : "/v2/order_events";
      const answer = await attacker.post(path, isOrder ? one : other);
      expectAnswered(answer, isOrder ? order : orderEvent);
      if (answer.status === 200) {
        const [list, id] = isOrder
          ? ["orders?id", "id"]
          : ["order_events?order_event_id", "order_event_id"];
        const kept = await attacker.get(`/v2/${list}=${encodeURIComponent(answer.body[id])}`);
        expect(kept.body.data).toEqual([answer.body]);
      }
      const put = await attacker.put("/v2/orders/known", one);
      expectAnswered(put, order);
    }),
    { numRuns: REQUESTS / 2 },
  );
  expect(await rowsOfVictim()).toBe(victimRows);
}, 60_000);

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

it("answers bodies that are no JSON, or JSON of no use", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(brokenText, brokenBytes), async (body) => {
      const headers = {
        Authorization: `Bearer ${attacker.key}`,
        "Content-Type": "application/json",
      };
      for (const path of ["/v2/orders", "/v2/order_events"]) {
        const answer = await send("POST", path, { headers, body: body as BodyInit });
        expectAnswered(answer, path === "/v2/orders" ? order : orderEvent);
      }
    }),
    { numRuns: REQUESTS / 2 },
  );
  expect(await rowsOfVictim()).toBe(victimRows);
}, 60_000);

const text = fc.oneof(
  sql,
  fc.string({ unit: "binary", maxLength: 50 }),
  fc.constantFrom(
    "victim",
    "known",
    "x".repeat(5000),
    "%",
    "%00",
    "%ff",
    "%ud800",
    "..",
    "../../keys",
    "*",
  ),
);
/** Percent-encoded, but for what is so already. */
const inUrl = text.map((each) =>
  each.startsWith("%") ? each : encodeURIComponent(each.toWellFormed()),
);
const parameter = fc.constantFrom(
  "id",
  "partner_order_id",
  "order_id",
  "order_event_id",
  "partner_event_id",
  "network_transaction_id",
  "limit",
  "starting_after",
  "unknown",
);
const headerValue = fc.oneof(
  fc.string({ unit: fc.constantFrom(...Array.from("abcXYZ019 \"',;=:%/\\*\t!")), maxLength: 60 }),
  fc.constantFrom(
    "x".repeat(20_000),
    "'; DROP TABLE orders; --",
    '"1"',
    "W/",
    '""',
    '"99999999999999999999"',
    "*, *",
  ),
);
const header = fc.constantFrom(
  "If-Match",
  "Idempotency-Key",
  "X-Request-Id",
  "Content-Type",
  "Accept",
  "Authorization",
  "X-D1-Bookmark",
);

it("answers hostile paths, queries and headers", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("GET", "GET", "POST", "POST", "PUT", "DELETE", "PATCH"),
      fc.constantFrom("orders", "order_events"),
      fc.option(inUrl),
      fc.array(fc.tuple(parameter, inUrl), { maxLength: 4 }),
      fc.array(fc.tuple(header, headerValue), { maxLength: 2 }),
      async (method, list, segment, query, headers) => {
        const path = `/v2/${list}${segment === null ? "" : `/${segment}`}?${query.map((each) => each.join("=")).join("&")}`;
        const body = method === "POST" || method === "PUT" ? VALID : undefined;
        const answer = await attacker.send(method, path, body, Object.fromEntries(headers));
        expectAnswered(answer, { parse: (each) => expect(each).toBeTypeOf("object") });
      },
    ),
    { numRuns: REQUESTS },
  );
  // By their own ids, too, from another partner.
  for (const path of [`/v2/orders/${orderId}`, `/v2/order_events/${eventId}`]) {
    expectAnswered(await attacker.delete(path), { parse: () => undefined });
  }
  expect(await rowsOfVictim()).toBe(victimRows);
}, 60_000);

it("has sent at least 2,000 requests, some of which were in order", () => {
  const counts = [...statuses].toSorted(([one], [other]) => one - other);
  console.log(`answers by status: ${counts.map((each) => each.join(" × ")).join(", ")}`);
  expect(counts.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThanOrEqual(2_000);
  expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 400, 401, 404, 405]));
});
