import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { readResponse, newPartner, operator, refusalOf, type Client } from "../support/client.ts";

beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue(undefined);
});
afterEach(() => vi.restoreAllMocks());

/** A D1 whose queries all fail. */
function failing(message: string): D1Database {
  const fail = () => Promise.reject(new Error(message));
  const statement = { bind: () => statement, all: fail };
  return { prepare: () => statement, batch: fail } as unknown as D1Database;
}

/** Errors that D1 documents (developers.cloudflare.com/d1/observability/debug-d1), and some that SQLite returned. */
const UNAVAILABLE = [
  "D1_ERROR: D1 DB reset because its code was updated.",
  "D1_ERROR: Internal error while starting up D1 DB storage caused object to be reset.",
  "D1_ERROR: Network connection lost.",
  "D1_ERROR: Internal error in D1 DB storage caused object to be reset.",
  "D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.",
  "D1_ERROR: Can't read from request stream because client disconnected.",
  "D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.",
  "D1_ERROR: D1 DB is overloaded. Requests queued for too long.",
  "D1_ERROR: D1 DB is overloaded. Too many requests queued.",
  "D1_ERROR: D1 DB's isolate exceeded its memory limit and was reset.",
  "D1_ERROR: D1 DB exceeded its CPU time limit and was reset.",
  "D1_ERROR: Exceeded maximum DB size.",
  "D1_ERROR: database or disk is full: SQLITE_FULL",
  "D1_ERROR: database is locked: SQLITE_BUSY",
  "D1_ERROR: database table is locked: SQLITE_LOCKED",
  "D1_ERROR: disk I/O error: SQLITE_IOERR",
  "D1_ERROR: disk I/O error: SQLITE_IOERR_WRITE",
  "D1_ERROR: unable to open database file: SQLITE_CANTOPEN",
  "D1_ERROR: attempt to write a readonly database: SQLITE_READONLY",
  "D1_ERROR: out of memory: SQLITE_NOMEM",
  "D1_ERROR: database disk image is malformed: SQLITE_CORRUPT",
  "D1_ERROR: interrupted: SQLITE_INTERRUPT",
  "D1_ERROR: no such table: orders: SQLITE_ERROR",
  "D1_ERROR: Failed to get session commit token: internal error; reference = abcdefghijkl",
  "internal error; reference = abcdefghijkl",
  "Network connection lost.",
  "The RPC receiver's session was lost.",
];

const OURS = [
  'D1_ERROR: near "selec": syntax error at offset 0: SQLITE_ERROR',
  "D1_ERROR: no such column: x: SQLITE_ERROR",
  "D1_ERROR: CHECK constraint failed: orders_captured_amount: SQLITE_CONSTRAINT",
  "D1_ERROR: datatype mismatch: SQLITE_MISMATCH",
  "D1_ERROR: string or blob too big: SQLITE_TOOBIG",
  "D1_TYPE_ERROR: Type 'undefined' not supported for value 'undefined'",
];

/** One request for each path to the database: a read, the creation of an order, keys, partners. */
const REQUESTS: [method: string, path: string, caller: "partner" | "operator", body?: object][] = [
  ["GET", "/v2/orders", "partner"],
  ["GET", "/v2/order_events", "partner"],
  [
    "POST",
    "/v2/orders",
    "partner",
    { payment_method_id: "pm", partner_order_id: "po", total_order_amount: 1 },
  ],
  ["DELETE", "/v2/order_events/e", "partner"],
  ["POST", "/v2/keys", "partner"],
  ["DELETE", "/v2/keys", "partner"],
  ["GET", "/sandbox/keys", "partner"],
  ["DELETE", "/sandbox/keys/1", "partner"],
  ["GET", "/sandbox/partners", "operator"],
  ["POST", "/sandbox/partners", "operator", { name: "Rest Assured" }],
  ["DELETE", "/sandbox/partners/1", "operator"],
];

describe.each(REQUESTS)("%s %s", (method, path, caller, body) => {
  const sendWithFailure = async (message: string, partner: Client) => {
    const { key } = caller === "operator" ? operator : partner;
    const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const request = new Request(`https://sandbox.test${path}`, init);
    const bindings = { ...env, DB: failing(message) };
    const response = await app.fetch(request, bindings, createExecutionContext());
    return readResponse(method, request.url, response);
  };

  it("returns 503 with Retry-After for every failure of the database, and 500 for our own mistakes", async () => {
    const partner = await newPartner();
    await partner.get("/v2/orders");
    for (const message of UNAVAILABLE) {
      const failed = await sendWithFailure(message, partner);
      expect(refusalOf(failed), message).toEqual({
        status: 503,
        type: "SERVICE_UNAVAILABLE_ERROR",
      });
      expect(failed.headers.get("Retry-After")).toBe("1");
      expect(failed.text).not.toContain(message.slice(0, 30));
    }
    for (const message of OURS) {
      const failed = await sendWithFailure(message, partner);
      expect(refusalOf(failed), message).toEqual({ status: 500, type: "INTERNAL_ERROR" });
    }
  });
});

it("a ledger returns the same statuses", async () => {
  const partner = await newPartner();
  const id = await partner.createOrder();
  const stub = env.ORDER_LEDGER.getByName(`${partner.environmentId}:${id}`);
  const sendWithFailure = async (message: string) => {
    await runInDurableObject(stub, (instance) => {
      (instance as unknown as { env: object }).env = { ...env, DB: failing(message) };
    });
    return partner.capture(id, 1);
  };
  for (const message of UNAVAILABLE) {
    const failed = await sendWithFailure(message);
    expect(refusalOf(failed), message).toEqual({ status: 503, type: "SERVICE_UNAVAILABLE_ERROR" });
    expect(failed.headers.get("Retry-After")).toBe("1");
  }
  for (const message of OURS) {
    const failed = await sendWithFailure(message);
    expect(refusalOf(failed), message).toEqual({ status: 500, type: "INTERNAL_ERROR" });
  }
});
