/** Hostile keys, headers and quotas: everything that decides what a caller may do, and how often. */
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { CHANGE_BYTES, RECORD_BYTES } from "../../src/domain/stored-bytes.ts";
import {
  Client,
  costOf,
  eventBody,
  expectStatus,
  newPartner,
  operator,
  orderBody,
  send,
  type ApiResponse,
} from "../support/client.ts";
import { headerValue, inUrl, numberInUrl } from "../support/hostile.ts";
import { OPERATIONS, OPERATOR_OPERATIONS } from "../support/operations.ts";
import { rowsOf } from "../support/rows.ts";
import { setVariables } from "../support/variables.ts";
import { anyJson, ResponseAudit } from "../support/response-audit.ts";

const audit = new ResponseAudit();

let attacker: Client;
let victim: Client;
let victimRows: string;

beforeAll(async () => {
  attacker = await newPartner();
  victim = await newPartner();
  await victim.createOrder({ id: "known" });
  expectStatus(await victim.capture("known", 50), 200);
  expectStatus(await victim.post("/v2/orders", orderBody(), { "Idempotency-Key": "key-1" }), 200);
  expectStatus(await victim.post("/v2/keys"), 200);
  victimRows = await rowsOf(victim);
});

const isReplayed = ({ headers }: ApiResponse) => headers.has("Idempotent-Replayed");

/** The characters of a key's signature, at its end. */
const SIGNATURE_CHARACTERS = 43;

/** Invalid keys, made from a valid key, another valid key, and a position. */
const INVALID_KEYS: ((key: string, other: string, at: number) => string)[] = [
  (key, _, at) => key.slice(0, at),
  (key, _, at) => key.slice(at + 1),
  // Except the last character, of which two bits are unused.
  (key, _, at) => `${key.slice(0, at)}${key[at] === "A" ? "B" : "A"}${key.slice(at + 1)}`,
  (key, other) => key.slice(0, -SIGNATURE_CHARACTERS) + other.slice(-SIGNATURE_CHARACTERS),
  (key, other) => `${key},${other}`,
  (key, other) => `${key} ${other}`,
  (key, other) => `${key}, Bearer ${other}`,
  (key) => `"${key}"`,
  (key) => `${key}=`,
  (key) => `${key}A`,
  (key) => `${key}${key}`,
  (key) => key.toUpperCase(),
  (key) => key.replace("test_", "test-"),
  (key) => key.replace("test_", "live_"),
  (key) => key.replace("test_", "%74est_"),
  (key) => key.replace("test_", ""),
  (key) => key.slice(0, -SIGNATURE_CHARACTERS),
  () => "test_",
  () => `test_${"A".repeat(75)}`,
  () => `test_${"A".repeat(100_000)}`,
  () => "test_' OR '1'='1",
  () => "test_é",
  () => "test_sandbox_a",
  () => "__proto__",
];

/** Ways to send credentials, valid and invalid. */
const SCHEMES = [
  (key: string) => `Bearer ${key}`,
  (key: string) => `bearer   ${key}`,
  (key: string) => `Basic ${btoa(`${key}:`)}`,
];
const NO_SCHEMES = [
  (key: string) => key,
  (key: string) => `Bearer${key}`,
  (key: string) => `Bearer: ${key}`,
  (key: string) => `Bearer\t${key}`,
  (key: string) => `Bearer "${key}"`,
  (key: string) => `Token ${key}`,
  (key: string) => `Basic ${key}`,
  (key: string) => `Basic ${btoa(key)}`,
  (key: string) => `Basic ${btoa(`:${key}`)}`,
  (key: string) => `Basic ${btoa(`${key}:password`)}`,
  (key: string) => `Basic ${btoa(`${key}:`)}=`,
];

const aKey = (key: string) => key;
const authorization = fc.oneof(
  fc.tuple(fc.constantFrom(...INVALID_KEYS), fc.constantFrom(...SCHEMES, ...NO_SCHEMES)),
  fc.tuple(fc.constant(aKey), fc.constantFrom(...NO_SCHEMES)),
);

it("returns 401 without a query to malformed keys", async () => {
  const attackerRows = await rowsOf(attacker);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...OPERATIONS, ...OPERATOR_OPERATIONS),
      authorization,
      fc.boolean(),
      fc.nat(attacker.key.length - 2),
      async ([method, path], [shape, scheme], isOwn, at) => {
        const [key, other] = isOwn ? [attacker.key, victim.key] : [victim.key, attacker.key];
        const sent = shape(key, other, at);
        const response = await send(method, path, { headers: { Authorization: scheme(sent) } });
        audit.expectResponse(response, anyJson);
        expect(response.status).toBe(401);
        expect(costOf(response).queries).toBe(0);
        if (sent.length > "test_".length) expect(response.text).not.toContain(sent);
      },
    ),
    { numRuns: 500 },
  );
  expect(await rowsOf(attacker)).toBe(attackerRows);
  expect(await rowsOf(victim)).toBe(victimRows);
});

/** Tags of If-Match. "current" stands for the order's current version. */
const TAGS = [
  ..."current,0,01,1.0,1e0,+1,-1,0x1,*,%31,é,0current,current ,current.0,W/current,a;current".split(
    ",",
  ),
  "",
  "current,0",
  "9".repeat(15),
  "9".repeat(400),
];
const tag = fc.record({ isWeak: fc.boolean(), text: fc.constantFrom(...TAGS) });
const tags = fc.array(tag, { minLength: 1, maxLength: 5 });

it("honors only the version's own tag in If-Match, however it is written", async () => {
  const path = "/v2/orders/matched";
  let version = (await attacker.post("/v2/orders", orderBody({ id: "matched" }))).headers.get(
    "ETag",
  )!;

  /** Changes the order with `ifMatch`, and returns the status. */
  async function change(ifMatch: string): Promise<number> {
    const response = await attacker.put(path, orderBody(), { "If-Match": ifMatch });
    audit.expectResponse(response, anyJson);
    const stored = await attacker.get("/v2/orders?id=matched");
    const hasChanged = stored.headers.get("ETag") !== version;
    expect(hasChanged, `${ifMatch} → ${response.text}`).toBe(response.status === 200);
    version = stored.headers.get("ETag")!;
    return response.status;
  }

  await fc.assert(
    fc.asyncProperty(tags, fc.constantFrom(",", " , ", ",\t"), async (each, separator) => {
      const [, current] = /"(.*)"/.exec(version)!;
      const sent = each.map(({ isWeak, text }) => ({
        isWeak,
        text: text.replace("current", current!),
      }));
      const header = sent.map(({ isWeak, text }) => `${isWeak ? "W/" : ""}"${text}"`);
      const isNamed = sent.some(({ isWeak, text }) => !isWeak && text === current);
      expect(await change(header.join(separator))).toBe(isNamed ? 200 : 412);
    }),
    { numRuns: 100 },
  );
  await fc.assert(
    fc.asyncProperty(headerValue, async (header) => {
      // The runtime drops an empty If-Match.
      const isAny = ["", "*", version].includes(header.trim());
      expect(isAny ? [200] : [400, 412]).toContain(await change(header));
    }),
    { numRuns: 100 },
  );
  expect(await rowsOf(victim)).toBe(victimRows);
});

const GOOD_KEYS = ["key-1", "key-2", "'--", "%00", "__proto__", "x".repeat(255)];
const BAD_KEYS = ["", "a b", "é", "x".repeat(256), "a\tb"];

interface KeyedRequest {
  method: string;
  path: string;
  body?: object;
  /** The status without a key or with a new key. */
  status: number;
  isOperators?: boolean;
}

/** Requests that an Idempotency-Key applies to, and requests that ignore it. */
const KEYED: KeyedRequest[] = [
  { method: "POST", path: "/v2/orders", body: orderBody(), status: 200 },
  {
    method: "POST",
    path: "/v2/orders",
    body: orderBody({ partner_order_id: "po-2" }),
    status: 200,
  },
  ...[1, 2].map((amount) => ({
    method: "POST",
    path: "/v2/order_events",
    body: eventBody({ order_id: "keyed", amount }),
    status: 200,
  })),
];
const REFUSED: KeyedRequest[] = [
  {
    method: "POST",
    path: "/v2/order_events",
    body: eventBody({ order_id: "unknown" }),
    status: 404,
  },
  {
    method: "POST",
    path: "/v2/order_events",
    body: eventBody({ order_id: "keyed", type: "REFUNDED", amount: 1e9 }),
    status: 409,
  },
];
const NOT_KEYED: KeyedRequest[] = [
  { method: "POST", path: "/v2/orders", body: {}, status: 400 },
  { method: "GET", path: "/v2/orders", status: 200 },
  { method: "PUT", path: "/v2/orders/keyed", body: orderBody(), status: 200 },
  { method: "DELETE", path: "/v2/orders/unknown", status: 404 },
  { method: "DELETE", path: "/v2/order_events/unknown", status: 404 },
  { method: "GET", path: "/sandbox/keys", status: 200 },
  { method: "DELETE", path: "/sandbox/keys/99", status: 404 },
  { method: "POST", path: "/v2/keys", status: 200 },
  { method: "GET", path: "/health", status: 200 },
  { method: "POST", path: "/health", status: 405 },
  { method: "GET", path: "/sandbox/partners", status: 200, isOperators: true },
  { method: "POST", path: "/sandbox/partners/999999/keys", status: 404, isOperators: true },
];

/** Sends one partner's requests with keys, and tracks which request each key belongs to. */
class KeyedPartner {
  readonly #responses = new Map<string, { request: KeyedRequest; text: string }>();
  readonly #partner: Client;

  constructor(partner: Client) {
    this.#partner = partner;
  }

  async send(request: KeyedRequest, key: string): Promise<void> {
    const { method, path, body, isOperators } = request;
    const caller = isOperators ? operator : this.#partner;
    const response = await caller.send(method, path, body, { "Idempotency-Key": key });
    audit.expectResponse(response, anyJson);
    const earlier = NOT_KEYED.includes(request) ? undefined : this.#responses.get(key);
    expect([response.status, isReplayed(response)], `${method} ${path}: ${response.text}`).toEqual([
      this.#expected(request, key),
      earlier?.request === request,
    ]);
    if (isReplayed(response)) expect(response.text).toBe(earlier!.text);
    else if (KEYED.includes(request) && response.status === 200) {
      this.#responses.set(key, { request, text: response.text });
    }
  }

  #expected(request: KeyedRequest, key: string): number {
    if (NOT_KEYED.includes(request)) return request.status;
    if (BAD_KEYS.includes(key)) return 400;
    const earlier = this.#responses.get(key);
    return earlier === undefined || earlier.request === request ? request.status : 422;
  }
}

it("honors an Idempotency-Key only on the requests it applies to", async () => {
  const requests = fc.tuple(
    fc.constantFrom(...KEYED, ...KEYED, ...KEYED, ...REFUSED, ...NOT_KEYED),
    fc.constantFrom(...GOOD_KEYS, ...GOOD_KEYS, ...BAD_KEYS),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(requests, { minLength: 10, maxLength: 25 }), async (each) => {
      const partner = await newPartner();
      await partner.createOrder({ id: "keyed" });
      const keyed = new KeyedPartner(partner);
      for (const [request, key] of each) await keyed.send(request, key);
    }),
    { numRuns: 20 },
  );
  expect(await rowsOf(victim)).toBe(victimRows);
});

const keyNumber = fc.oneof(
  fc.integer({ min: 1, max: 8 }).map(String),
  numberInUrl,
  inUrl.filter((each) => each !== ".." && each !== "."),
);
const keyRequest = fc.oneof(
  fc.record({ method: fc.constant("POST"), path: fc.constant("/v2/keys") }),
  fc.record({ method: fc.constant("DELETE"), path: fc.constant("/v2/keys") }),
  fc.record({
    method: fc.constantFrom("DELETE", "DELETE", "DELETE", "GET", "PUT", "POST"),
    path: keyNumber.map((id) => `/sandbox/keys/${id}`),
  }),
  fc.record({
    method: fc.constant("GET"),
    path: fc
      .tuple(fc.constantFrom("limit", "starting_after", "id"), keyNumber)
      .map((each) => `/sandbox/keys?${each.join("=")}`),
  }),
);

interface ListedKey {
  id: number;
  last_four: string;
  deleted_at?: string;
}

const list = async (client: Client): Promise<ListedKey[]> =>
  expectStatus(await client.get("/sandbox/keys?limit=100"), 200).body.data;

it("creates and revokes keys, and always leaves one", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(keyRequest, { minLength: 5, maxLength: 15 }), async (requests) => {
      const partner = await newPartner();
      const opened = new Map([[1, partner]]);
      for (const { method, path } of requests) {
        // With the oldest valid key.
        const [id, client] = [...opened][0]!;
        const response = await client.send(method, path);
        audit.expectResponse(response, anyJson);
        if (response.status === 204) opened.delete(Number(path.split("/").at(-1)));
        if (response.status === 200 && method === "DELETE") opened.delete(id);
        if (response.status === 200 && method === "POST") {
          const made = new Client(partner, response.body.key);
          const [newest] = await list(made);
          expect(newest!.last_four).toBe(made.key.slice(-4));
          opened.set(newest!.id, made);
        }
        expect(opened.size).toBeGreaterThan(0);
        const listed = await list([...opened.values()][0]!);
        const working = listed.filter((each) => each.deleted_at === undefined);
        expect(new Set(working.map((each) => each.id))).toEqual(new Set(opened.keys()));
      }
    }),
    { numRuns: 20 },
  );
  expect(await rowsOf(victim)).toBe(victimRows);
});

const QUOTAS = { ORDER_QUOTA: "2", ORDER_EVENT_QUOTA: "2", BYTE_QUOTA: "6000" };

const someOrder = fc.constantFrom("o-1", "o-2", "o-3");
const someEvent = fc.constantFrom("e-1", "e-2", "e-3", "e-4");
const someOrderBody = fc
  .constantFrom("", "x".repeat(900), "ü".repeat(900))
  .map((merchant_name) => orderBody({ merchant_name }));
const someEventBody = fc
  .record({
    order_event_id: someEvent,
    order_id: someOrder,
    type: fc.constantFrom("CAPTURED", "REFUNDED"),
  })
  .map(eventBody);

/** Requests that add, change or delete data. */
const changingRequest = fc.record({
  request: fc.oneof(
    fc.record({ id: someOrder, body: someOrderBody }).map(({ id, body }) => ({
      method: "POST",
      path: "/v2/orders",
      body: { ...body, id },
    })),
    fc.record({ id: someOrder, body: someOrderBody }).map(({ id, body }) => ({
      method: "PUT",
      path: `/v2/orders/${id}`,
      body,
    })),
    someEventBody.map((body) => ({ method: "POST", path: "/v2/order_events", body })),
    someOrder.map((id) => ({ method: "DELETE", path: `/v2/orders/${id}`, body: undefined })),
    someEvent.map((id) => ({ method: "DELETE", path: `/v2/order_events/${id}`, body: undefined })),
  ),
  headers: fc.constantFrom<Record<string, string>>(
    {},
    { "Idempotency-Key": "key-1" },
    { "Idempotency-Key": "key-2" },
  ),
});

/** An environment's counts, as stored and as counted. */
async function usageOf({ datasetId }: Client) {
  const stored = env.DB.prepare(
    "SELECT order_count, order_event_count, stored_bytes FROM datasets WHERE id = ?1",
  );
  const counted = env.DB.prepare(
    `SELECT
       (SELECT count(*) FROM orders WHERE dataset_id = ?1) AS order_count,
       (SELECT count(*) FROM order_events WHERE dataset_id = ?1) AS order_event_count,
       (SELECT coalesce(sum(content_bytes), 0) FROM orders WHERE dataset_id = ?1)
       + (SELECT coalesce(sum(content_bytes), 0) FROM order_events WHERE dataset_id = ?1)
       + (SELECT count(*) FROM order_changes WHERE dataset_id = ?1) * ${CHANGE_BYTES}
       + (SELECT coalesce(sum(octet_length(body) + ${RECORD_BYTES}), 0) FROM idempotency_records
          WHERE dataset_id = ?1) AS stored_bytes`,
  );
  const results = await env.DB.batch<Record<string, number>>(
    [stored, counted].map((statement) => statement.bind(datasetId)),
  );
  return results.map((each) => each.results[0]!);
}

it("enforces every quota, counts usage exactly, and loses nothing when it rejects", async () => {
  setVariables(QUOTAS);
  let refusals = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(changingRequest, { minLength: 10, maxLength: 25 }),
      async (requests) => {
        const partner = await newPartner();
        let rows = await rowsOf(partner);
        for (const { request, headers } of requests) {
          const response = await partner.send(request.method, request.path, request.body, headers);
          audit.expectResponse(response, anyJson);
          if (response.body?.error?.type === "QUOTA_EXCEEDED_ERROR") refusals += 1;
          const before = rows;
          rows = await rowsOf(partner);
          if (response.status >= 400) expect(rows).toBe(before);
          const [stored, counted] = await usageOf(partner);
          expect(stored).toEqual(counted);
          expect(stored!.order_count).toBeLessThanOrEqual(Number(QUOTAS.ORDER_QUOTA));
          expect(stored!.order_event_count).toBeLessThanOrEqual(Number(QUOTAS.ORDER_EVENT_QUOTA));
          expect(stored!.stored_bytes).toBeLessThanOrEqual(Number(QUOTAS.BYTE_QUOTA));
        }
      },
    ),
    { numRuns: 20 },
  );
  expect(refusals).toBeGreaterThan(0);
  expect(await rowsOf(victim)).toBe(victimRows);
});

it("has received every kind of response", () => {
  audit.report();
  const kinds = [200, 204, 400, 401, 404, 405, 409, 412, 422];
  expect([...audit.statuses.keys()]).toEqual(expect.arrayContaining(kinds));
});
