import { env } from "cloudflare:workers";
import { DisplayString, parseList, type Token } from "structured-headers";
import { beforeAll, describe, expect, it } from "vitest";
import { WARNINGS } from "../../../src/domain/warnings.ts";
import {
  Client,
  eventBody,
  expectStatus,
  newPartner,
  orderBody,
  type ApiResponse,
} from "../../support/client.ts";

let a: Client;
beforeAll(async () => {
  a = await newPartner();
});

/** The codes of all warnings that the tests of this file received. */
const seen = new Set<string>();

/** The warnings of a response, like `unknown_field reward_amount → rewards_amount`, parsed as a client does. */
function warningsOf(response: ApiResponse): string[] {
  const header = response.headers.get("Sandbox-Warnings");
  if (header === null) return [];
  return parseList(header).map(([code, parameters]) => {
    seen.add((code as Token).toString());
    const text = (name: string) => {
      const value = parameters.get(name) as string | DisplayString | undefined;
      return value?.toString() ?? "";
    };
    const near = text("did_you_mean");
    return `${(code as Token).toString()} ${text("param")}${near && ` → ${near}`}`.trim();
  });
}

/** Expects a response with this status and these warnings. */
async function expectWarnings(
  sent: Promise<ApiResponse>,
  warnings: string[],
  status = 200,
): Promise<ApiResponse> {
  const response = expectStatus(await sent, status);
  expect(warningsOf(response)).toEqual(warnings);
  return response;
}

const many = (name: (index: number) => string) =>
  Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [name(index), 1]));

const newKey = () => ({ "Idempotency-Key": crypto.randomUUID() });

const unknown = (what: string, param: string, near?: string) => ({
  param,
  message: `This ${what} does not exist.${near ? ` Did you mean ${near}?` : ""}`,
});

const twice = (param: string) => ({
  param,
  message: "Expected this field once, but received it more than once",
});

async function expectRejected(response: Promise<ApiResponse>, violations: object[]): Promise<void> {
  const { error } = expectStatus(await response, 400).body;
  const { param, message } = violations[0] as { param: string; message: string };
  expect(error).toMatchObject({
    type: "INVALID_REQUEST_ERROR",
    param,
    message: expect.stringContaining(`${param}: ${message}`),
    violations,
  });
  expect((await response).headers.has("Sandbox-Warnings")).toBe(false);
}

async function newStrictPartner(): Promise<Client> {
  const strict = await newPartner();
  await env.DB.prepare("UPDATE environments SET is_strict = 1 WHERE id = ?")
    .bind(strict.environmentId)
    .run();
  return strict;
}

const withId = (fields: Record<string, unknown> = {}) =>
  orderBody({ id: crypto.randomUUID(), ...fields });
const withEventId = (fields: Record<string, unknown> = {}) =>
  eventBody({ order_event_id: crypto.randomUUID(), ...fields });

describe("duplicate fields", () => {
  const order = `"payment_method_id": "pm", "partner_order_id": "po"`;

  it("are reported, and the last value counts", async () => {
    const body = `{"id": "dup-1", ${order}, "total_order_amount": 1, "total_order_amount": 2}`;
    const response = await expectWarnings(a.post("/v2/orders", body), [
      "duplicate_field total_order_amount",
    ]);
    expect(response.body.total_order_amount).toBe(2);
    const address = `"merchant_address": [{"city": "A", "city": "B"}]`;
    const nested = `{"id": "dup-2", ${order}, "total_order_amount": 1, ${address}}`;
    await expectWarnings(a.post("/v2/orders", nested), [
      "duplicate_field merchant_address[0].city",
    ]);
  });

  it("are rejected in a strict environment and under /sandbox", async () => {
    const strict = await newStrictPartner();
    const body = `{"id": "dup-3", ${order}, "total_order_amount": 1, "id": "dup-4"}`;
    await expectRejected(strict.post("/v2/orders", body), [twice("id")]);
    const fault = `{"fault": "error", "fault": "unavailable"}`;
    await expectRejected(a.post("/sandbox/faults", fault), [twice("fault")]);
  });
});

describe("unknown fields", () => {
  it("are reported, and otherwise ignored", async () => {
    const response = await expectWarnings(
      a.post("/v2/orders", withId({ total_reward_amount: 5, colour: "red" })),
      ["unknown_field total_reward_amount → total_rewards_amount", "unknown_field colour"],
    );
    expect(response.body).toMatchObject({ total_rewards_amount: 0 });
    expect(response.headers.get("Sandbox-Warnings")).toBe(
      'unknown_field;param="total_reward_amount";did_you_mean="total_rewards_amount", unknown_field;param="colour"',
    );
  });

  it("are reported in an event, a line and an address", async () => {
    const line = { name: "x", quantity: 1, rate: 100, rewards_rate: 0 };
    const order_id = (
      await expectWarnings(
        a.post("/v2/orders", withId({ merchant_address: [{ town: "x", contry: "USA" }] })),
        [
          "unknown_field merchant_address[0].town",
          "unknown_field merchant_address[0].contry → country",
        ],
      )
    ).body.id;
    await expectWarnings(
      a.post(
        "/v2/order_events",
        withEventId({ order_id, reward_amount: 0, order_lines: [{ ...line, reward_rate: 1 }] }),
      ),
      ["unknown_field reward_amount → rewards_amount", "unknown_field order_lines[0].reward_rate"],
    );
    await expectWarnings(a.put(`/v2/orders/${order_id}`, orderBody({ Currency: "EUR" })), [
      "unknown_field Currency → currency",
    ]);
  });

  it("are reported with an error", async () => {
    await expectWarnings(
      a.post("/v2/orders", withId({ partner_order_id: undefined, partner_orderid: "x" })),
      ["unknown_field partner_orderid → partner_order_id"],
      400,
    );
    await expectWarnings(
      a.post("/v2/order_events", withEventId({ order_id: "none", note: "x" })),
      ["unknown_field note"],
      404,
    );
    const id = await a.createOrder();
    await expectWarnings(
      a.post("/v2/orders", withId({ id, total_order_amount: 1, note: "x" })),
      ["unknown_field note"],
      409,
    );
  });

  it("may have any name", async () => {
    const names = ['quoted "\\"', "größe", "😀", "line\nbreak", "\ud800", "%25", "", "__proto__"];
    const fields = names.map((name) => `${JSON.stringify(name)}:1`).join();
    const text = JSON.stringify(withId()).replace("{", `{${fields},`);
    const response = await expectWarnings(a.post("/v2/orders", text), [
      'unknown_field quoted "\\"',
      "unknown_field größe",
      "unknown_field 😀",
      "unknown_field line\ufffdbreak",
      "unknown_field \ufffd",
      "unknown_field %25",
      "unknown_field",
      "unknown_field __proto__",
    ]);
    const header = response.headers.get("Sandbox-Warnings")!;
    expect(header).toMatch(/^[\x20-\x7e]+$/);
    expect(header).toContain('unknown_field;param=%"gr%c3%b6%c3%9fe"');
    expect(parseList(header)[1]![1].get("param")).toBeInstanceOf(DisplayString);
  });

  it("are limited to 20, in a header of limited length", async () => {
    const short = await a.post("/v2/orders", withId(many((index) => `field${index}`)));
    expect(warningsOf(expectStatus(short, 200))).toHaveLength(20);
    const long = await a.post("/v2/orders", withId(many((index) => `${index}${"😀".repeat(25)}`)));
    expect(warningsOf(expectStatus(long, 200)).length).toBeGreaterThan(5);
    expect(long.headers.get("Sandbox-Warnings")!.length).toBeLessThanOrEqual(3_072);
  });

  it("leave room for a warning of a rule", async () => {
    const fields = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x${index}`, 1]));
    const response = await a.post("/v2/orders", orderBody(fields));
    expect(warningsOf(response)[0]).toBe("not_repeatable");
    expect(warningsOf(response)).toHaveLength(20);
  });
});

describe("unknown parameters", () => {
  it("are reported", async () => {
    await expectWarnings(a.get("/v2/orders?orderid=x&partner_order=x"), [
      "unknown_parameter orderid",
      "unknown_parameter partner_order → partner_order_id",
    ]);
    await expectWarnings(a.get("/v2/order_events?orderid=x&orderid=y"), [
      "unknown_parameter orderid → order_id",
    ]);
    await expectWarnings(a.get("/v2/order_events?__proto__=x&gr%C3%B6%C3%9Fe"), [
      "unknown_parameter __proto__",
      "unknown_parameter größe",
    ]);
  });

  it("are reported for operations without parameters", async () => {
    await expectWarnings(a.post("/v2/orders?expand=lines", withId()), ["unknown_parameter expand"]);
    const id = await a.createOrder();
    await expectWarnings(a.put(`/v2/orders/${id}?force=1`, orderBody({ x: 1 })), [
      "unknown_field x",
      "unknown_parameter force",
    ]);
    await expectWarnings(a.delete(`/v2/orders/${id}?force=1`), ["unknown_parameter force"], 204);
  });

  it("are reported once for operations with a path and a query", async () => {
    const transactions = "/v2/customers/unknown/transactions";
    await expectWarnings(a.get(`${transactions}?limit=1`), [], 404);
    const misspelled = a.get(`${transactions}?limit=1&limti=2`);
    await expectWarnings(misspelled, ["unknown_parameter limti"], 404);
  });

  it("are reported with an error about another parameter", async () => {
    await expectWarnings(a.get("/v2/orders?limit=0&x=1"), ["unknown_parameter x"], 400);
  });
});

it("reports a reduced limit", async () => {
  await expectWarnings(a.get("/v2/orders?limit=101"), ["limit_reduced limit"]);
  await expectWarnings(a.get("/v2/order_events?limit=1000000000000000000000"), [
    "limit_reduced limit",
  ]);
  for (const limit of ["1", "100", "0100"])
    await expectWarnings(a.get(`/v2/orders?limit=${limit}`), []);
  await expectWarnings(a.get("/v2/orders?limit=1e3"), [], 400);
});

it("reports captures above the total, after a capture and after a PUT", async () => {
  const id = await a.createOrder({ total_order_amount: 100 });
  const capture = (amount: number) => a.capture(id, amount, withEventId({ amount }));
  const put = (total_order_amount: number) =>
    a.put(`/v2/orders/${id}`, orderBody({ total_order_amount }));
  await expectWarnings(capture(100), []);
  await expectWarnings(capture(1), ["captured_beyond_total amount"]);
  await expectWarnings(put(101), []);
  await expectWarnings(put(100), ["captured_beyond_total total_order_amount"]);
  await expectWarnings(a.refund(id, 1, { partner_event_id: crypto.randomUUID() }), []);
});

it("reports a refund without rewards", async () => {
  const id = await a.createOrder({ total_rewards_amount: 10 });
  await a.capture(id, 100, { rewards_amount: 10 });
  const refund = (fields: object) =>
    a.refund(id, 1, withEventId({ amount: 1, ...fields, type: "REFUNDED" }));
  await expectWarnings(refund({}), ["refund_without_rewards rewards_amount"]);
  await expectWarnings(refund({ reward_amount: 1 }), [
    "refund_without_rewards rewards_amount",
    "unknown_field reward_amount → rewards_amount",
  ]);
  await expectWarnings(refund({ rewards_amount: 10 }), []);
  await expectWarnings(refund({}), []);
});

describe("a POST without an ID or Idempotency-Key", () => {
  it("is reported", async () => {
    const { body } = await expectWarnings(a.post("/v2/orders", orderBody()), ["not_repeatable"]);
    const event = eventBody({ order_id: body.id });
    await expectWarnings(a.post("/v2/order_events", event), ["not_repeatable"]);
    await expectWarnings(
      a.post("/v2/order_events", eventBody({ order_id: "none" })),
      ["not_repeatable"],
      404,
    );
    await expectWarnings(a.post("/v2/orders", orderBody(), newKey()), []);
    await expectWarnings(a.post("/v2/order_events", event, newKey()), []);
    await expectWarnings(a.post("/v2/order_events", withEventId({ order_id: body.id })), []);
    const partner_event_id = crypto.randomUUID();
    await expectWarnings(a.post("/v2/order_events", { ...event, partner_event_id }), []);
  });

  it("is not reported if it simulates the card", async () => {
    const approved = { status: "APPROVED", amount: 1000, payment_method_id: "pm-1" };
    // With a simulated transaction, the warnings of order events change.
    const client = await newPartner();
    await expectWarnings(client.post("/v2/simulate_transaction_event", approved), []);
  });
});

describe("a header that production lacks", () => {
  const byKey = ["unpublished_header Idempotency-Key"];
  const byVersion = ["unpublished_header If-Match"];

  it("is reported if an Idempotency-Key repeats or rejects a request", async () => {
    const order_id = await a.createOrder();
    for (const [path, body] of [
      ["/v2/orders", orderBody()],
      ["/v2/order_events", eventBody({ order_id })],
    ] as const) {
      const headers = { "Idempotency-Key": crypto.randomUUID() };
      await expectWarnings(a.post(path, body, headers), []);
      await expectWarnings(a.post(path, body, headers), byKey);
      await expectWarnings(a.post(path, { ...body, currency: "USD" }, headers), byKey, 422);
    }
  });

  it("is not reported if IDs repeat a response", async () => {
    const order = withId();
    await a.post("/v2/orders", order);
    const replay = await expectWarnings(
      a.post("/v2/orders", order, { "Idempotency-Key": crypto.randomUUID() }),
      [],
    );
    expect(replay.headers.get("Idempotent-Replayed")).toBe("true");
  });

  it("is reported if If-Match decides", async () => {
    const id = await a.createOrder();
    const put = (etag: string) => a.put(`/v2/orders/${id}`, orderBody(), { "If-Match": etag });
    await expectWarnings(put('"1"'), byVersion);
    await expectWarnings(put('"1"'), byVersion, 412);
    await expectWarnings(put("*"), []);
    await expectWarnings(a.delete(`/v2/orders/${id}`, { "If-Match": '"1"' }), byVersion, 412);
    await expectWarnings(a.delete(`/v2/orders/${id}`, { "If-Match": '"3"' }), byVersion, 204);
    await expectWarnings(a.delete(`/v2/orders/${id}`, { "If-Match": '"3"' }), [], 404);
    await expectWarnings(a.post("/v2/orders", withId(), { "If-Match": '"1"' }), []);
  });
});

it("sends no header without warnings", async () => {
  await expectWarnings(a.post("/v2/keys"), []);
  await expectWarnings(a.get("/v2/nothing?x=1"), [], 404);
});

it("rejects unknown fields under /sandbox", async () => {
  await expectRejected(a.get("/sandbox/keys?limits=1"), [unknown("parameter", "limits", "limit")]);
});

describe("a strict environment", () => {
  let strict: Client;
  beforeAll(async () => {
    strict = await newStrictPartner();
  });

  it("rejects unknown fields, each with the similar name", async () => {
    await expectRejected(
      strict.post(
        "/v2/orders",
        withId({ reward: 1, total_rewards: 5, merchant_address: [{ citi: "x" }] }),
      ),
      [
        unknown("field", "reward"),
        unknown("field", "total_rewards", "total_rewards_amount"),
        unknown("field", "merchant_address[0].citi", "city"),
      ],
    );
    expect((await strict.get("/v2/orders")).body.total).toBe(0);
  });

  it("lists them before the other violations", async () => {
    const body = withId({ partner_order_id: undefined, partner_orderid: "x" });
    await expectRejected(strict.post("/v2/orders", body), [
      unknown("field", "partner_orderid", "partner_order_id"),
      { param: "partner_order_id", message: "Expected text, but it is missing" },
    ]);
  });

  it("rejects unknown parameters", async () => {
    await expectRejected(strict.get("/v2/order_events?orderid=x&y=1"), [
      unknown("parameter", "orderid", "order_id"),
      unknown("parameter", "y"),
    ]);
    await expectRejected(strict.delete("/v2/orders/x?force=1"), [unknown("parameter", "force")]);
    await expectRejected(strict.post("/v2/orders?x=1", withId({ y: 1 })), [
      unknown("parameter", "x"),
      unknown("field", "y"),
    ]);
  });

  it("lists at most 100", async () => {
    const fields = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`x${index}`, 1]));
    const { body } = await strict.post("/v2/orders", { ...fields, payment_method_id: 1 });
    expect(body.error.violations).toHaveLength(100);
  });

  it("otherwise responds and warns like any other environment", async () => {
    await expectWarnings(strict.post("/v2/orders", orderBody()), ["not_repeatable"]);
    await expectWarnings(strict.get("/v2/orders?limit=500"), ["limit_reduced limit"]);
  });
});

describe("an order event next to simulated transactions", () => {
  it.each<[string, object, string[]]>([
    [
      "an unknown transaction",
      { network_transaction_id: "other" },
      ["unknown_transaction network_transaction_id"],
    ],
    ["more than the card captured", { amount: 1 }, ["amount_beyond_transaction amount"]],
    ["another currency", { currency: "EUR" }, ["currency_differs currency"]],
    [
      "another payment method",
      { payment_method_id: "pm-2" },
      ["payment_method_differs payment_method_id"],
    ],
    ["nothing, if both sides agree", {}, []],
  ])("warns about %s", async (_, fields, warnings) => {
    const client = await newPartner();
    const order_id = await client.createOrder({ id: "order-1" });
    const story = { story: "captured", amount: 100, payment_method_id: "pm-1", ...fields };
    const ofCard = { network_transaction_id: "nt-1", ...story };
    expectStatus(await client.post("/sandbox/transactions", ofCard), 200);
    await expectWarnings(client.capture(order_id, 100, { order_event_id: "event-1" }), warnings);
  });
});

it("warns about a capture above the authorization", async () => {
  const client = await newPartner();
  const path = "/v2/simulate_transaction_event";
  const card = { payment_method_id: "pm-1" };
  const approved = await client.post(path, { ...card, status: "APPROVED", amount: 1 });
  const { transaction_id } = approved.body;
  const capture = { ...card, transaction_id, status: "CAPTURED", amount: 2, event_id: "capture-1" };
  await expectWarnings(client.post(path, capture), ["captured_beyond_authorization amount"]);
});

it("warns about an accepted refund above the captured amount", async () => {
  const client = await newPartner();
  const assume = { refund_beyond_captured: "accepted" };
  const { body } = expectStatus(await client.post("/sandbox/environments", { assume }), 200);
  const { partnerId, datasetId } = client;
  const assuming = new Client({ partnerId, datasetId, environmentId: body.id }, body.key);
  const order_id = await assuming.createOrder();
  const refund = { order_event_id: "event-1" };
  await expectWarnings(assuming.refund(order_id, 100, refund), ["refunded_beyond_captured amount"]);
});

it("tests every warning", () => {
  expect([...seen].toSorted()).toEqual([...WARNINGS].toSorted());
});
