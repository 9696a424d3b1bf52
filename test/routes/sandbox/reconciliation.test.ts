import { beforeEach, describe, expect, it } from "vitest";
import { FINDINGS, type Finding } from "../../../src/domain/reconciliation.ts";
import { MAX_PAGE_BYTES } from "../../../src/domain/stored-bytes.ts";
import { STORIES } from "../../../src/domain/transaction-stories.ts";
import { MAX_ORDER_TRANSACTIONS } from "../../../src/store/reconciliations.ts";
import { expectStatus, newPartner, type Client } from "../../support/client.ts";

let client: Client;
let order_id: string;
beforeEach(async () => {
  client = await newPartner();
  order_id = await client.createOrder();
});

const NTI = { network_transaction_id: "txn-1" };
const story = async (body: object) =>
  expectStatus(
    await client.post("/sandbox/transactions", {
      story: "captured",
      amount: 5000,
      payment_method_id: "pm-1",
      ...NTI,
      ...body,
    }),
    200,
  ).body;
const capture = (amount: number, fields: object = {}) =>
  client.capture(order_id, amount, { ...NTI, ...fields });
const refund = (amount: number, fields: object = {}) =>
  client.refund(order_id, amount, { ...NTI, ...fields });
const reconciliation = async (id = order_id) =>
  expectStatus(await client.get(`/sandbox/orders/${id}/reconciliation`), 200).body;
const disagreements = async (query = "") =>
  expectStatus(await client.get(`/sandbox/reconciliation${query}`), 200).body;

describe("POST /sandbox/transactions", () => {
  it.each(STORIES)("plays %s with the same events as single requests", async (name) => {
    const { transaction, events } = await story({ story: name });
    const stored = await client.get(`/v2/transactions/${transaction.id}`);
    expect(stored.body).toEqual(transaction);
    expect(events.at(-1).status).toBe(transaction.status);
  });
});

it("rejects a customer_id that no path can contain, in a story too", async () => {
  for (const customer_id of [".", ".."]) {
    const body = { story: "captured", amount: 1, customer_id };
    const refused = expectStatus(await client.post("/sandbox/transactions", body), 400);
    expect(refused.body.error).toMatchObject({ param: "customer_id" });
  }
});

describe("reconciliation", () => {
  it("agrees if the order events report what the card did", async () => {
    const { transaction } = await story({ story: "partly_refunded" });
    await capture(3000, { order_event_id: "e-1" });
    await capture(2000, { order_event_id: "e-2" });
    await refund(2500, { order_event_id: "e-3" });
    expect(await reconciliation()).toEqual({
      order_id,
      agrees: true,
      has_more: false,
      transactions: [
        {
          ...NTI,
          transaction_id: transaction.id,
          card: {
            captured: 5000,
            refunded: 2500,
            currency: "USD",
            payment_method_id: "pm-1",
            status: "REFUNDED",
          },
          order_events: {
            captured: 5000,
            refunded: 2500,
            ids: ["e-3", "e-2", "e-1"],
            order_ids: [order_id],
          },
          findings: [],
        },
      ],
    });
    expect(await disagreements()).toEqual({ data: [], has_more: false, total: 0 });
  });

  it("compares the sums of several orders with one transaction", async () => {
    await story({});
    await capture(2000);
    const other = await client.createOrder();
    expect((await reconciliation()).agrees).toBe(false);
    await client.capture(other, 3000, NTI);
    expect(await reconciliation()).toMatchObject({ agrees: true });
    const { transactions } = await reconciliation(other);
    expect(transactions[0]).toMatchObject({
      findings: [],
      order_events: { order_ids: [other, order_id] },
    });
  });

  it.each<[Finding, () => Promise<unknown>]>([
    [
      "unknown_transaction",
      async () => {
        await story({ story: "voided", network_transaction_id: "txn-other" });
        await capture(1);
      },
    ],
    ["not_reported", async () => (await story({ story: "refunded" }), await capture(5000))],
    ["amount_differs", async () => (await story({}), await capture(5000), await capture(5000))],
    ["currency_differs", async () => (await capture(5000), await story({ currency: "EUR" }))],
    [
      "payment_method_differs",
      async () => (await story({ payment_method_id: "pm-2" }), await capture(5000)),
    ],
    ["event_after_void", async () => (await story({ story: "voided" }), await capture(5000))],
  ])("finds only %s", async (finding, arrange) => {
    await arrange();
    const { agrees, transactions } = await reconciliation();
    expect({ agrees, findings: transactions[0].findings }).toEqual({
      agrees: false,
      findings: [finding],
    });
    for (const filter of FINDINGS) {
      const { data, total } = await disagreements(`?finding=${filter}`);
      expect({ filter, total, length: data.length }).toEqual({
        filter,
        total: Number(filter === finding),
        length: Number(filter === finding),
      });
    }
    expect((await disagreements()).data).toEqual(transactions);
  });

  it("finds a transaction that no order event names", async () => {
    await story({});
    expect((await disagreements()).data).toMatchObject([
      { ...NTI, order_events: { captured: 0, ids: [] }, findings: ["not_reported"] },
    ]);
    expect(await reconciliation()).toEqual({
      order_id,
      agrees: true,
      has_more: false,
      transactions: [],
    });
  });

  it("reports nothing in an environment without simulated transactions", async () => {
    const { headers } = await capture(1, { order_event_id: "e-1" });
    expect(headers.has("Sandbox-Warnings")).toBe(false);
    expect((await disagreements()).total).toBe(0);
    expect(await reconciliation()).toMatchObject({ agrees: true, transactions: [] });
  });

  it("subtracts a deleted event", async () => {
    await story({});
    await capture(5000, { order_event_id: "e-1" });
    await capture(5000, { order_event_id: "e-2" });
    expect((await reconciliation()).agrees).toBe(false);
    expectStatus(await client.delete("/v2/order_events/e-2"), 204);
    expect((await reconciliation()).agrees).toBe(true);
  });

  it("lists disagreements newest first, page by page", async () => {
    for (const index of [1, 2, 3]) await story({ network_transaction_id: `txn-${index}` });
    const first = await disagreements("?limit=2");
    expect(first).toMatchObject({ has_more: true, total: 3 });
    const last = first.data[1].network_transaction_id;
    const second = await disagreements(`?starting_after=${last}`);
    const ids = [...first.data, ...second.data].map((each) => each.network_transaction_id);
    expect(ids).toEqual(["txn-3", "txn-2", "txn-1"]);
    expectStatus(await client.get("/sandbox/reconciliation?starting_after=none"), 400);
  });

  it("returns both sides of one network_transaction_id, also if they agree", async () => {
    const only = "?network_transaction_id=txn-1";
    expect(await disagreements(only)).toEqual({ data: [], has_more: false, total: 0 });
    await story({ network_transaction_id: "txn-1" });
    await story({ network_transaction_id: "txn-2" });
    expect(await disagreements(only)).toMatchObject({
      total: 1,
      data: [{ findings: ["not_reported"] }],
    });
    expect((await disagreements(`${only}&finding=amount_differs`)).total).toBe(0);
    await capture(5000, { network_transaction_id: "txn-1" });
    const agreeing = { network_transaction_id: "txn-1", card: { captured: 5000 }, findings: [] };
    expect((await disagreements(only)).data).toMatchObject([agreeing]);
  });

  it("compares the hundred transactions of an order that were reported last", async () => {
    await story({});
    for (let index = 1; index <= MAX_ORDER_TRANSACTIONS + 2; index += 1) {
      await client.capture(order_id, 1, { network_transaction_id: `nt-${index}` });
    }
    const { transactions } = await reconciliation();
    const ids = transactions.map((each: typeof NTI) => each.network_transaction_id);
    expect(ids).toHaveLength(MAX_ORDER_TRANSACTIONS);
    expect(ids).not.toContain("nt-2");
    expect(ids).toContain("nt-3");
  });

  it("leaves out transactions beyond a page's bytes, and says so", async () => {
    await story({});
    const events = Array.from({ length: 1_100 }, (_, index) => ({
      network_transaction_id: `nt-${index % 11}`,
      order_event_id: String(index).padStart(255, "e"),
    }));
    for (let done = 0; done < events.length; done += 50) {
      const part = events.slice(done, done + 50);
      await Promise.all(part.map((each) => client.capture(order_id, 1, each)));
    }
    const response = await client.get(`/sandbox/orders/${order_id}/reconciliation`);
    expect(response.text.length).toBeLessThan(MAX_PAGE_BYTES);
    expect(response.body.has_more).toBe(true);
    expect(response.body.transactions.length).toBeGreaterThan(5);
  });

  it("returns 404 for an unknown order", async () => {
    expectStatus(await client.get("/sandbox/orders/none/reconciliation"), 404);
  });
});

describe("POST /v2/order_events warns", () => {
  it.each<[string, () => Promise<unknown>, string]>([
    [
      "about an unknown transaction",
      () => story({ network_transaction_id: "txn-other" }),
      'unknown_transaction;param="network_transaction_id"',
    ],
    [
      "about an amount beyond the transaction's",
      () => story({ amount: 99 }),
      'amount_beyond_transaction;param="amount";card=99;reported=100',
    ],
    [
      "about another currency",
      () => story({ currency: "EUR" }),
      'currency_differs;param="currency";card="EUR";reported="USD"',
    ],
    [
      "about another payment method",
      () => story({ payment_method_id: "pm-2" }),
      'payment_method_differs;param="payment_method_id";card="pm-2";reported="pm-1"',
    ],
  ])("%s", async (_, arrange, expected) => {
    await arrange();
    const { headers } = await capture(100, { order_event_id: "e-1" });
    expect(headers.get("Sandbox-Warnings")).toBe(expected);
  });

  it("about nothing if both sides agree", async () => {
    await story({ amount: 100 });
    const { headers } = await capture(100, { order_event_id: "e-1" });
    expect(headers.has("Sandbox-Warnings")).toBe(false);
  });
});
