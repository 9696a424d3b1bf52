import { env } from "cloudflare:workers";
import { DisplayString, parseList, type Token } from "structured-headers";
import { beforeAll, describe, expect, it } from "vitest";
import { WARNINGS } from "../../../src/domain/warnings.ts";
import {
  eventBody,
  expectStatus,
  newPartner,
  orderBody,
  type ApiResponse,
  type Client,
} from "../../support/client.ts";

let a: Client;
beforeAll(async () => {
  a = await newPartner();
});

/** The codes of all warnings that this file's tests have received. */
const seen = new Set<string>();

/** What an answer tells, like `unknown_field reward_amount → rewards_amount`, read as a client would read it. */
function warningsOf(answer: ApiResponse): string[] {
  const header = answer.headers.get("Sandbox-Warnings");
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

/** Sends something that has to be answered so, with these warnings. */
async function expectTold(
  answer: Promise<ApiResponse>,
  warnings: string[],
  status = 200,
): Promise<ApiResponse> {
  const told = expectStatus(await answer, status);
  expect(warningsOf(told)).toEqual(warnings);
  return told;
}

const many = (name: (index: number) => string) =>
  Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [name(index), 1]));

const newKey = () => ({ "Idempotency-Key": crypto.randomUUID() });

const unknown = (what: string, param: string, near?: string) => ({
  param,
  message: `There is no such ${what}.${near ? ` Did you mean ${near}?` : ""}`,
});

async function expectRefused(answer: Promise<ApiResponse>, details: object[]): Promise<void> {
  const { error } = expectStatus(await answer, 400).body;
  const { param, message } = details[0] as { param: string; message: string };
  expect(error).toMatchObject({
    type: "INVALID_REQUEST_ERROR",
    param,
    message: `${param}: ${message}`,
    details,
  });
  expect((await answer).headers.has("Sandbox-Warnings")).toBe(false);
}

const withId = (fields: Record<string, unknown> = {}) =>
  orderBody({ id: crypto.randomUUID(), ...fields });
const withEventId = (fields: Record<string, unknown> = {}) =>
  eventBody({ order_event_id: crypto.randomUUID(), ...fields });

describe("unknown fields", () => {
  it("are told beside the answer that there is without them", async () => {
    const answer = await expectTold(
      a.post("/v2/orders", withId({ total_reward_amount: 5, colour: "red" })),
      ["unknown_field total_reward_amount → total_rewards_amount", "unknown_field colour"],
    );
    expect(answer.body).toMatchObject({ total_rewards_amount: 0 });
    expect(answer.headers.get("Sandbox-Warnings")).toBe(
      'unknown_field;param="total_reward_amount";did_you_mean="total_rewards_amount", unknown_field;param="colour"',
    );
  });

  it("are told of an event, a line and an address", async () => {
    const line = { name: "x", quantity: 1, rate: 100, rewards_rate: 0 };
    const order_id = (
      await expectTold(
        a.post("/v2/orders", withId({ merchant_address: [{ town: "x", contry: "USA" }] })),
        [
          "unknown_field merchant_address[0].town",
          "unknown_field merchant_address[0].contry → country",
        ],
      )
    ).body.id;
    await expectTold(
      a.post(
        "/v2/order_events",
        withEventId({ order_id, reward_amount: 0, order_lines: [{ ...line, reward_rate: 1 }] }),
      ),
      ["unknown_field reward_amount → rewards_amount", "unknown_field order_lines[0].reward_rate"],
    );
    await expectTold(a.put(`/v2/orders/${order_id}`, orderBody({ Currency: "EUR" })), [
      "unknown_field Currency → currency",
    ]);
  });

  it("are told on a refusal", async () => {
    await expectTold(
      a.post("/v2/orders", withId({ partner_order_id: undefined, partner_orderid: "x" })),
      ["unknown_field partner_orderid → partner_order_id"],
      400,
    );
    await expectTold(
      a.post("/v2/order_events", withEventId({ order_id: "none", note: "x" })),
      ["unknown_field note"],
      404,
    );
    const id = await a.createOrder();
    await expectTold(
      a.post("/v2/orders", withId({ id, total_order_amount: 1, note: "x" })),
      ["unknown_field note"],
      409,
    );
  });

  it("may have any name", async () => {
    const names = ['quoted "\\"', "größe", "😀", "line\nbreak", "\ud800", "%25", "", "__proto__"];
    const fields = names.map((name) => `${JSON.stringify(name)}:1`).join();
    const text = JSON.stringify(withId()).replace("{", `{${fields},`);
    const answer = await expectTold(a.post("/v2/orders", text), [
      'unknown_field quoted "\\"',
      "unknown_field größe",
      "unknown_field 😀",
      "unknown_field line\ufffdbreak",
      "unknown_field \ufffd",
      "unknown_field %25",
      "unknown_field",
      "unknown_field __proto__",
    ]);
    const header = answer.headers.get("Sandbox-Warnings")!;
    expect(header).toMatch(/^[\x20-\x7e]+$/);
    expect(header).toContain('unknown_field;param=%"gr%c3%b6%c3%9fe"');
    expect(parseList(header)[1]![1].get("param")).toBeInstanceOf(DisplayString);
  });

  it("are no more than 20, in a header of a bounded length", async () => {
    const short = await a.post("/v2/orders", withId(many((index) => `field${index}`)));
    expect(warningsOf(expectStatus(short, 200))).toHaveLength(20);
    const long = await a.post("/v2/orders", withId(many((index) => `${index}${"😀".repeat(25)}`)));
    expect(warningsOf(expectStatus(long, 200)).length).toBeGreaterThan(5);
    expect(long.headers.get("Sandbox-Warnings")!.length).toBeLessThanOrEqual(3_072);
  });

  it("leave room for what a rule has to tell", async () => {
    const fields = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x${index}`, 1]));
    const answer = await a.post("/v2/orders", orderBody(fields));
    expect(warningsOf(answer)[0]).toBe("not_repeatable");
    expect(warningsOf(answer)).toHaveLength(20);
  });
});

describe("unknown parameters", () => {
  it("are told", async () => {
    await expectTold(a.get("/v2/orders?orderid=x&partner_order=x"), [
      "unknown_parameter orderid",
      "unknown_parameter partner_order → partner_order_id",
    ]);
    await expectTold(a.get("/v2/order_events?orderid=x&orderid=y"), [
      "unknown_parameter orderid → order_id",
    ]);
    await expectTold(a.get("/v2/order_events?__proto__=x&gr%C3%B6%C3%9Fe"), [
      "unknown_parameter __proto__",
      "unknown_parameter größe",
    ]);
  });

  it("are told where there are none at all", async () => {
    await expectTold(a.post("/v2/orders?expand=lines", withId()), ["unknown_parameter expand"]);
    const id = await a.createOrder();
    await expectTold(a.put(`/v2/orders/${id}?force=1`, orderBody({ x: 1 })), [
      "unknown_field x",
      "unknown_parameter force",
    ]);
    await expectTold(a.delete(`/v2/orders/${id}?force=1`), ["unknown_parameter force"], 204);
  });

  it("are told with the refusal of another one", async () => {
    await expectTold(a.get("/v2/orders?limit=0&x=1"), ["unknown_parameter x"], 400);
  });
});

it("tells that a limit is reduced", async () => {
  await expectTold(a.get("/v2/orders?limit=101"), ["limit_reduced limit"]);
  await expectTold(a.get("/v2/order_events?limit=1000000000000000000000"), ["limit_reduced limit"]);
  for (const limit of ["1", "100", "0100"])
    await expectTold(a.get(`/v2/orders?limit=${limit}`), []);
  await expectTold(a.get("/v2/orders?limit=1e3"), [], 400);
});

it("tells that more is captured than was ordered, by a capture and by a PUT", async () => {
  const id = await a.createOrder({ total_order_amount: 100 });
  const capture = (amount: number) => a.capture(id, amount, withEventId({ amount }));
  const put = (total_order_amount: number) =>
    a.put(`/v2/orders/${id}`, orderBody({ total_order_amount }));
  await expectTold(capture(100), []);
  await expectTold(capture(1), ["captured_beyond_total amount"]);
  await expectTold(put(101), []);
  await expectTold(put(100), ["captured_beyond_total total_order_amount"]);
  await expectTold(a.refund(id, 1, { partner_event_id: crypto.randomUUID() }), []);
});

it("tells that a refund takes back no rewards", async () => {
  const id = await a.createOrder({ total_rewards_amount: 10 });
  await a.capture(id, 100, { rewards_amount: 10 });
  const refund = (fields: object) =>
    a.refund(id, 1, withEventId({ amount: 1, ...fields, type: "REFUNDED" }));
  await expectTold(refund({}), ["refund_without_rewards rewards_amount"]);
  await expectTold(refund({ reward_amount: 1 }), [
    "refund_without_rewards rewards_amount",
    "unknown_field reward_amount → rewards_amount",
  ]);
  await expectTold(refund({ rewards_amount: 10 }), []);
  await expectTold(refund({}), []);
});

describe("a POST that nothing makes repeatable", () => {
  it("is told", async () => {
    const { body } = await expectTold(a.post("/v2/orders", orderBody()), ["not_repeatable"]);
    const event = eventBody({ order_id: body.id });
    await expectTold(a.post("/v2/order_events", event), ["not_repeatable"]);
    await expectTold(
      a.post("/v2/order_events", eventBody({ order_id: "none" })),
      ["not_repeatable"],
      404,
    );
    await expectTold(a.post("/v2/orders", orderBody(), newKey()), []);
    await expectTold(a.post("/v2/order_events", event, newKey()), []);
    await expectTold(a.post("/v2/order_events", withEventId({ order_id: body.id })), []);
    const partner_event_id = crypto.randomUUID();
    await expectTold(a.post("/v2/order_events", { ...event, partner_event_id }), []);
  });
});

describe("what production lacks", () => {
  const byKey = ["not_published Idempotency-Key"];
  const byVersion = ["not_published If-Match"];

  it("is told where a key repeats an answer, or refuses to", async () => {
    const order_id = await a.createOrder();
    for (const [path, body] of [
      ["/v2/orders", orderBody()],
      ["/v2/order_events", eventBody({ order_id })],
    ] as const) {
      const headers = { "Idempotency-Key": crypto.randomUUID() };
      await expectTold(a.post(path, body, headers), []);
      await expectTold(a.post(path, body, headers), byKey);
      await expectTold(a.post(path, { ...body, currency: "USD" }, headers), byKey, 422);
    }
  });

  it("is not what repeats an answer by its ids", async () => {
    const order = withId();
    await a.post("/v2/orders", order);
    const replay = await expectTold(
      a.post("/v2/orders", order, { "Idempotency-Key": crypto.randomUUID() }),
      [],
    );
    expect(replay.headers.get("Idempotent-Replayed")).toBe("true");
  });

  it("is told where If-Match counts", async () => {
    const id = await a.createOrder();
    const put = (etag: string) => a.put(`/v2/orders/${id}`, orderBody(), { "If-Match": etag });
    await expectTold(put('"1"'), byVersion);
    await expectTold(put('"1"'), byVersion, 412);
    await expectTold(put("*"), []);
    await expectTold(a.delete(`/v2/orders/${id}`, { "If-Match": '"1"' }), byVersion, 412);
    await expectTold(a.delete(`/v2/orders/${id}`, { "If-Match": '"3"' }), byVersion, 204);
    await expectTold(a.delete(`/v2/orders/${id}`, { "If-Match": '"3"' }), [], 404);
    await expectTold(a.post("/v2/orders", withId(), { "If-Match": '"1"' }), []);
  });
});

it("is silent where there is nothing to look at", async () => {
  await expectTold(a.post("/v2/keys"), []);
  await expectTold(a.get("/v2/nothing?x=1"), [], 404);
});

it("is refused under /sandbox, which has no contract that allows it", async () => {
  await expectRefused(a.get("/sandbox/keys?limits=1"), [unknown("parameter", "limits", "limit")]);
});

describe("a strict environment", () => {
  let strict: Client;
  beforeAll(async () => {
    strict = await newPartner();
    await env.DB.prepare("UPDATE environments SET is_strict = 1 WHERE id = ?")
      .bind(strict.environmentId)
      .run();
  });

  it("refuses unknown fields, each with the near one", async () => {
    await expectRefused(
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
    await expectRefused(strict.post("/v2/orders", body), [
      unknown("field", "partner_orderid", "partner_order_id"),
      { param: "partner_order_id", message: "Expected text, but it is missing" },
    ]);
  });

  it("refuses unknown parameters", async () => {
    await expectRefused(strict.get("/v2/order_events?orderid=x&y=1"), [
      unknown("parameter", "orderid", "order_id"),
      unknown("parameter", "y"),
    ]);
    await expectRefused(strict.delete("/v2/orders/x?force=1"), [unknown("parameter", "force")]);
    await expectRefused(strict.post("/v2/orders?x=1", withId({ y: 1 })), [
      unknown("parameter", "x"),
      unknown("field", "y"),
    ]);
  });

  it("lists at most 100", async () => {
    const fields = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`x${index}`, 1]));
    const { body } = await strict.post("/v2/orders", { ...fields, payment_method_id: 1 });
    expect(body.error.details).toHaveLength(100);
  });

  it("answers and tells the rest as every other", async () => {
    await expectTold(strict.post("/v2/orders", orderBody()), ["not_repeatable"]);
    await expectTold(strict.get("/v2/orders?limit=500"), ["limit_reduced limit"]);
  });
});

it("tests every warning", () => {
  expect([...seen].toSorted()).toEqual([...WARNINGS].toSorted());
});
