import { beforeEach, describe, expect, it } from "vitest";
import { expectStatus, newPartner, type Client } from "../../support/client.ts";

const SIMULATE = "/v2/simulate_transaction_event";
const CARD = { payment_method_id: "7f754378-dd84-4a9a-b1ce-0646bb769c29" };

/** How many requests on one transaction run at once. */
const RACING = 32;

let client: Client;
beforeEach(async () => {
  client = await newPartner();
});

const simulate = (body: object, headers?: Record<string, string>) =>
  client.post(SIMULATE, { ...CARD, ...body }, headers);
const simulated = async (body: object) => expectStatus(await simulate(body), 200).body;
const transactionOf = async (id: string) =>
  expectStatus(await client.get(`/v2/transactions/${id}`), 200).body;

describe("POST /v2/simulate_transaction_event", () => {
  // The scenarios of the published guide, with its fields.
  const APPROVE = {
    transaction_id: "",
    customer_id: "e0549550-90e9-4acb-b7e9-2e4738b7def2",
    status: "APPROVED",
    amount: 5000,
    currency: "USD",
    authorization_code: "645432",
    network_transaction_id: "txn-789456",
    purchase_method: "CHIP",
    merchant: {
      network_id: "234923454545",
      name: "Target",
      category: "Grocery Stores",
      category_code: "5411",
      address: {
        city: "New York",
        country: "USA",
        postal_code: "10002",
        state: "NY",
        street_line1: "",
        street_line2: "",
      },
    },
  };

  it("approves a transaction, and returns every field of it", async () => {
    const { transaction_id, event_id, status, ...rest } = await simulated(APPROVE);
    expect({ status, rest }).toEqual({ status: "APPROVED", rest: {} });
    expect(event_id).toMatch(/^[0-9a-f-]{36}$/);
    const { created_at, updated_at, ...transaction } = await transactionOf(transaction_id);
    const { transaction_id: _, ...sent } = APPROVE;
    expect(transaction).toEqual({ id: transaction_id, ...CARD, ...sent });
    expect(updated_at).toBe(created_at);
  });

  it("voids, updates, captures and refunds it", async () => {
    const voided = await simulated(APPROVE);
    await simulated({ transaction_id: voided.transaction_id, status: "VOIDED" });
    expect(await transactionOf(voided.transaction_id)).toMatchObject({ status: "VOIDED" });

    const { transaction_id } = await simulated({ ...APPROVE, network_transaction_id: "txn-2" });
    await simulated({ transaction_id, status: "UPDATED", amount: 3546 });
    expect(await transactionOf(transaction_id)).toMatchObject({ status: "UPDATED", amount: 3546 });
    const { event_id } = await simulated({ transaction_id, status: "CAPTURED", amount: 400 });
    expect(await transactionOf(transaction_id)).toMatchObject({ status: "CAPTURED", amount: 400 });
    await simulated({ transaction_id, event_id, status: "REFUNDED", amount: 400 });
    expect(await transactionOf(transaction_id)).toMatchObject({ status: "REFUNDED", amount: 400 });
  });

  it("captures and refunds without a transaction", async () => {
    for (const status of ["CAPTURED", "REFUNDED"]) {
      const { transaction_id } = await simulated({ status, amount: 400 });
      expect(await transactionOf(transaction_id)).toMatchObject({ status, amount: 400 });
    }
  });

  it("rejects APPROVED with a transaction_id in the published form, with the reason", async () => {
    const { transaction_id } = await simulated(APPROVE);
    const refused = expectStatus(await simulate({ ...APPROVE, transaction_id }), 409);
    expect(refused.body).toMatchObject({
      type: "CONFLICT_ERROR",
      message: expect.stringContaining("APPROVED creates a transaction"),
      authorized: 5000,
    });
    expect(refused.body.error).toBeUndefined();
  });

  it("rejects a refund above its capture, with the figures", async () => {
    const { transaction_id, event_id } = await simulated({ status: "CAPTURED", amount: 400 });
    const refund = { transaction_id, event_id, status: "REFUNDED" };
    await simulated({ ...refund, amount: 100 });
    const refused = expectStatus(await simulate({ ...refund, amount: 301 }), 409);
    expect(refused.body).toMatchObject({
      type: "CONFLICT_ERROR",
      param: "amount",
      captured: 400,
      refunded: 100,
      refundable: 300,
      requested: 301,
    });
  });

  it("rejects a network_transaction_id of another transaction", async () => {
    const { transaction_id } = await simulated(APPROVE);
    const refused = expectStatus(await simulate(APPROVE), 409);
    expect(refused.body).toMatchObject({ param: "network_transaction_id" });
    expect(refused.body.message).toContain(
      `To add an event to it, simulate the event with "transaction_id": "${transaction_id}".`,
    );
    expectStatus(await simulate({ ...APPROVE, network_transaction_id: "txn-2" }), 200);
  });

  it("returns 404 in the envelope for an unknown transaction", async () => {
    const refused = expectStatus(await simulate({ transaction_id: "none", status: "VOIDED" }), 404);
    expect(refused.body.error).toMatchObject({
      type: "TRANSACTION_FOUND_ERROR",
      param: "transaction_id",
    });
  });

  it("warns about a capture above the authorization", async () => {
    const { transaction_id } = await simulated({ status: "APPROVED", amount: 1 });
    const captured = await simulate({
      transaction_id,
      status: "CAPTURED",
      amount: 2,
      event_id: "c",
    });
    expect(captured.headers.get("Sandbox-Warnings")).toBe(
      'captured_beyond_authorization;param="amount"',
    );
  });

  it("replays a repeated event_id, and rejects different content under it", async () => {
    const approved = await simulated({ ...APPROVE, event_id: "event-1" });
    const again = expectStatus(await simulate({ ...APPROVE, event_id: "event-1" }), 200);
    expect(again.body).toEqual(approved);
    expect(again.headers.get("Idempotent-Replayed")).toBe("true");
    const other = expectStatus(await simulate({ ...APPROVE, event_id: "event-1", amount: 1 }), 409);
    expect(other.body).toMatchObject({ param: "event_id", differing_fields: ["amount"] });
  });

  it("replays by Idempotency-Key, even if the refund would now be rejected", async () => {
    const { transaction_id, event_id } = await simulated({ status: "CAPTURED", amount: 400 });
    const refund = { transaction_id, event_id, status: "REFUNDED", amount: 400 };
    const key = { "Idempotency-Key": "key-1" };
    const first = expectStatus(await simulate(refund, key), 200);
    const again = expectStatus(await simulate(refund, key), 200);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("Idempotent-Replayed")).toBe("true");
    expectStatus(await simulate({ ...refund, amount: 1 }, key), 422);
    expect(await transactionOf(transaction_id)).toMatchObject({ amount: 400 });
  });

  it("replays by Idempotency-Key even though the network_transaction_id is taken", async () => {
    const key = { "Idempotency-Key": "key-2" };
    const first = expectStatus(await simulate(APPROVE, key), 200);
    expect(expectStatus(await simulate(APPROVE, key), 200).body).toEqual(first.body);
  });

  it("uses the customer of the payment method's latest transaction, or derives one", async () => {
    const derived = await simulated({ status: "CAPTURED", amount: 1 });
    const { customer_id } = await transactionOf(derived.transaction_id);
    const again = await simulated({ status: "CAPTURED", amount: 1 });
    expect(await transactionOf(again.transaction_id)).toMatchObject({ customer_id });
    await simulated({ status: "CAPTURED", amount: 1, customer_id: "customer-1" });
    const later = await simulated({ status: "CAPTURED", amount: 1, customer_id: "" });
    expect(await transactionOf(later.transaction_id)).toMatchObject({ customer_id: "customer-1" });
  });

  it.each([
    ["customer_id", { status: "CAPTURED", amount: 1 }],
    ["event_id", { status: "CAPTURED", amount: 1 }],
    ["transaction_id", { status: "VOIDED" }],
  ])("rejects . and .. as %s, which no path can contain", async (param, body) => {
    for (const id of [".", ".."]) {
      const refused = expectStatus(await simulate({ ...body, [param]: id }), 400);
      expect(refused.body.error).toMatchObject({ type: "INVALID_REQUEST_ERROR", param });
    }
  });

  it(`executes ${RACING} captures and refunds at once on one transaction, with exact sums`, async () => {
    const fields = { ...CARD, network_transaction_id: "txn-raced" };
    const { transaction_id } = await simulated({ ...fields, status: "APPROVED", amount: 1000 });
    const capture = (amount: number) =>
      simulated({ transaction_id, status: "CAPTURED", amount }).then(({ event_id }) => event_id);
    const first = await Promise.all(
      Array.from({ length: RACING }, (_, index) => capture(index + 1)),
    );
    expect(new Set(first).size).toBe(RACING);
    const sum = (RACING * (RACING + 1)) / 2;
    expect(await transactionOf(transaction_id)).toMatchObject({ amount: sum });

    await Promise.all(
      first.map((event_id, index) =>
        simulated({ transaction_id, status: "REFUNDED", event_id, amount: index + 1 }),
      ),
    );
    const { data } = (await client.get("/sandbox/reconciliation")).body;
    expect(data).toMatchObject([{ card: { captured: sum, refunded: sum } }]);
    const { events } = (await client.get(`/sandbox/transactions/${transaction_id}`)).body;
    expect(events).toHaveLength(1 + 2 * RACING);
  });

  it("executes or rejects each capture that races with refunds, and sums the executed ones", async () => {
    const fields = { status: "CAPTURED", amount: 1000, network_transaction_id: "txn-raced" };
    const { transaction_id, event_id } = await simulated(fields);
    const responses = await Promise.all(
      Array.from({ length: RACING }, (_, index) =>
        index % 2 === 0
          ? simulate({ transaction_id, status: "CAPTURED", amount: 1 })
          : simulate({ transaction_id, status: "REFUNDED", event_id, amount: 1 }),
      ),
    );
    const executed = (wanted: string) =>
      responses.filter(({ status, body }) => status === 200 && body.status === wanted).length;
    // A capture can't follow a refund.
    expect(responses.every(({ status }) => status === 200 || status === 409)).toBe(true);
    expect(executed("REFUNDED")).toBe(RACING / 2);
    const { data } = (await client.get("/sandbox/reconciliation")).body;
    expect(data[0].card).toMatchObject({
      captured: 1000 + executed("CAPTURED"),
      refunded: RACING / 2,
    });
  });

  it("refunds a capture once when all of it is refunded many times at once", async () => {
    const { transaction_id, event_id } = await simulated({ status: "CAPTURED", amount: 10 });
    const refund = { transaction_id, status: "REFUNDED", event_id, amount: 10 };
    const refunds = await Promise.all(Array.from({ length: RACING }, () => simulate(refund)));
    const statuses = refunds.map(({ status }) => status).toSorted((one, other) => one - other);
    expect(statuses).toEqual([200, ...Array<number>(RACING - 1).fill(409)]);
  });
});

describe("GET /v2/customers/{customer_id}/transactions", () => {
  it("lists a customer's transactions, newest first, page by page", async () => {
    const ids: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      const { transaction_id } = await simulated({
        status: "CAPTURED",
        amount: index,
        customer_id: "customer-1",
      });
      ids.unshift(transaction_id);
    }
    await simulated({ status: "CAPTURED", amount: 1, customer_id: "customer-2" });
    const path = "/v2/customers/customer-1/transactions";
    const first = expectStatus(await client.get(`${path}?limit=2`), 200).body;
    expect(first).toMatchObject({ has_more: true, total: 3 });
    const second = await client.get(`${path}?starting_after=${first.data[1].id}`);
    expect([...first.data, ...second.body.data].map(({ id }) => id)).toEqual(ids);
    expectStatus(await client.get(`${path}?starting_after=none`), 400);
  });

  it("returns the published 404 for an unknown customer", async () => {
    const { body } = expectStatus(await client.get("/v2/customers/none/transactions"), 404);
    expect(body).toMatchObject({ type: "CUSTOMER_NOT_FOUND_ERROR", param: "customer_id" });
    expect(body.error).toBeUndefined();
  });
});

describe("GET /v2/transactions/{transaction_id}", () => {
  it("returns the published 404 for an unknown transaction", async () => {
    const { body } = expectStatus(await client.get("/v2/transactions/none"), 404);
    expect(body).toMatchObject({ type: "TRANSACTION_FOUND_ERROR", param: "transaction_id" });
    expect(body.error).toBeUndefined();
  });
});
