import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Finding } from "../../src/domain/reconciliation.ts";
import { newPartner, orderBody, type ApiResponse, type Client } from "../support/client.ts";

/*
 * Runs random sequences of simulated events, order events, deletions and resets against a model that keeps
 * plain lists and adds them up each time.
 */
const SEQUENCES = 1_000;
/** How many sequences run at the same time, each with its own partner. */
const CONCURRENT = 10;

const ORDERS = [
  { id: "order-1", payment_method_id: "pm-1", currency: "USD" },
  { id: "order-2", payment_method_id: "pm-2", currency: "USD" },
  { id: "order-3", payment_method_id: "pm-1", currency: "EUR" },
];

const amount = fc.integer({ min: 0, max: 3 });
const network_transaction_id = fc.constantFrom("txn-1", "txn-2");

const action = fc.oneof(
  fc.record({
    action: fc.constant("create" as const),
    status: fc.constantFrom("APPROVED", "UPDATED", "VOIDED", "CAPTURED", "REFUNDED"),
    amount: fc.option(amount, { nil: undefined }),
    payment_method_id: fc.constantFrom("pm-1", "pm-2"),
    currency: fc.constantFrom("USD", "EUR"),
    network_transaction_id,
  }),
  fc.record({
    action: fc.constant("continue" as const),
    status: fc.constantFrom("APPROVED", "UPDATED", "VOIDED", "CAPTURED", "REFUNDED"),
    amount: fc.option(amount, { nil: undefined }),
    transaction: fc.nat(2),
    capture: fc.nat(2),
  }),
  fc.record({
    action: fc.constant("report" as const),
    order: fc.nat(ORDERS.length - 1),
    type: fc.constantFrom("CAPTURED", "REFUNDED"),
    amount,
    network_transaction_id,
  }),
  fc.record({ action: fc.constant("delete" as const), event: fc.nat(3) }),
  fc.record({ action: fc.constant("reset" as const) }),
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

interface ModelEvent {
  event_id: string;
  status: string;
  amount: number;
  capture?: string | undefined;
}
interface ModelTransaction {
  id: string;
  payment_method_id: string;
  currency: string;
  network_transaction_id: string;
  authorized: number;
  events: ModelEvent[];
}
interface Report {
  id: string;
  order: number;
  type: string;
  amount: number;
  network_transaction_id: string;
}

const total = (items: { amount: number }[]) => items.reduce((sum, each) => sum + each.amount, 0);

class Model {
  transactions: ModelTransaction[] = [];
  reports: Report[] = [];

  sum(transaction: ModelTransaction, status: string) {
    return total(transaction.events.filter((each) => each.status === status));
  }

  /** The amount of a continued transaction's next event, or the status of its rejection. */
  next(transaction: ModelTransaction, act: Action & { action: "continue" }, capture?: ModelEvent) {
    const last = transaction.events.at(-1)!.status;
    const isOpen = last === "APPROVED" || last === "UPDATED";
    if (act.status === "APPROVED") return { refused: 409 };
    if (act.status === "UPDATED" || act.status === "VOIDED") {
      if (!isOpen) return { refused: 409 };
      if (act.status === "VOIDED") return { amount: transaction.authorized };
      return act.amount === undefined ? { refused: 400 } : { amount: act.amount };
    }
    if (act.status === "CAPTURED") {
      if (!isOpen && last !== "CAPTURED") return { refused: 409 };
      const rest = transaction.authorized - this.sum(transaction, "CAPTURED");
      if (act.amount === undefined) return rest > 0 ? { amount: rest } : { refused: 409 };
      return { amount: act.amount };
    }
    if (last !== "CAPTURED" && last !== "REFUNDED") return { refused: 409 };
    if (!capture) return { refused: 409 };
    const refunded = total(transaction.events.filter((each) => each.capture === capture.event_id));
    const rest = capture.amount - refunded;
    if (act.amount === undefined) return rest > 0 ? { amount: rest } : { refused: 409 };
    return act.amount <= rest ? { amount: act.amount } : { refused: 409 };
  }

  findings(network: string): Finding[] {
    if (this.transactions.length === 0) return [];
    const card = this.transactions.find((each) => each.network_transaction_id === network);
    const reports = this.reports.filter((each) => each.network_transaction_id === network);
    if (!card) return reports.length > 0 ? ["unknown_transaction"] : [];
    const found = new Set<Finding>();
    for (const status of ["CAPTURED", "REFUNDED"]) {
      const onCard = this.sum(card, status);
      const reported = total(reports.filter((each) => each.type === status));
      if (onCard > 0 && reported === 0) found.add("not_reported");
      if (onCard > 0 && reported > 0 && onCard !== reported) found.add("amount_differs");
    }
    for (const { order } of reports) {
      const { currency, payment_method_id } = ORDERS[order]!;
      if (currency !== card.currency) found.add("currency_differs");
      else if (payment_method_id !== card.payment_method_id) found.add("payment_method_differs");
    }
    if (card.events.at(-1)!.status === "VOIDED" && reports.length > 0)
      found.add("event_after_void");
    return [...found].toSorted();
  }
}

async function createOrders(client: Client) {
  for (const order of ORDERS) await client.post("/v2/orders", orderBody(order));
}

/** Applies an action to the Worker and to the model, and compares the status of the response. */
async function run(client: Client, model: Model, act: Action, index: number): Promise<void> {
  const check = (response: ApiResponse, expected: number) =>
    expect({ act, status: response.status, text: response.text }).toMatchObject({
      status: expected,
    });
  if (act.action === "create") {
    const { action: _, ...body } = act;
    const response = await client.post("/v2/simulate_transaction_event", body);
    const isTaken = model.transactions.some(
      (each) => each.network_transaction_id === act.network_transaction_id,
    );
    const isBad = act.amount === undefined || act.status === "UPDATED" || act.status === "VOIDED";
    check(response, isBad ? 400 : isTaken ? 409 : 200);
    if (response.status !== 200) return;
    const { transaction_id, event_id } = response.body;
    model.transactions.push({
      id: transaction_id,
      payment_method_id: act.payment_method_id,
      currency: act.currency,
      network_transaction_id: act.network_transaction_id,
      authorized: act.status === "APPROVED" ? act.amount! : 0,
      events: [{ event_id, status: act.status, amount: act.amount! }],
    });
  } else if (act.action === "continue") {
    const transaction = model.transactions[act.transaction % (model.transactions.length || 1)];
    if (!transaction) return;
    const captures = transaction.events.filter(({ status }) => status === "CAPTURED");
    const capture = captures[act.capture % (captures.length || 1)];
    const expected = model.next(transaction, act, capture);
    const response = await client.post("/v2/simulate_transaction_event", {
      transaction_id: transaction.id,
      payment_method_id: transaction.payment_method_id,
      status: act.status,
      amount: act.amount,
      ...(act.status === "REFUNDED" && { event_id: capture?.event_id ?? "none" }),
    });
    check(response, expected.refused ?? 200);
    if (expected.amount === undefined) return;
    if (act.status === "UPDATED") transaction.authorized = expected.amount;
    transaction.events.push({
      event_id: response.body.event_id,
      status: act.status,
      amount: expected.amount,
      capture: act.status === "REFUNDED" ? capture?.event_id : undefined,
    });
  } else if (act.action === "report") {
    const { order, type, amount: money, network_transaction_id: network } = act;
    const own = model.reports.filter((each) => each.order === order);
    const sum = (kind: string) => total(own.filter((each) => each.type === kind));
    const isRefused = type === "REFUNDED" && sum("REFUNDED") + money > sum("CAPTURED");
    const id = `event-${index}`;
    const response = await client.post("/v2/order_events", {
      order_event_id: id,
      order_id: ORDERS[order]!.id,
      type,
      amount: money,
      network_transaction_id: network,
    });
    check(response, isRefused ? 409 : 200);
    if (!isRefused)
      model.reports.push({ id, order, type, amount: money, network_transaction_id: network });
  } else if (act.action === "delete") {
    const report = model.reports[act.event % (model.reports.length || 1)];
    if (!report) return;
    const left = model.reports.filter((each) => each !== report && each.order === report.order);
    const sum = (kind: string) => total(left.filter((each) => each.type === kind));
    const isRefused = sum("REFUNDED") > sum("CAPTURED");
    check(await client.delete(`/v2/order_events/${report.id}`), isRefused ? 409 : 204);
    if (!isRefused) model.reports = model.reports.filter((each) => each !== report);
  } else {
    check(await client.post("/sandbox/reset"), 204);
    Object.assign(model, new Model());
    await createOrders(client);
  }
}

async function compare(client: Client, model: Model): Promise<void> {
  const { body } = await client.get("/sandbox/reconciliation");
  const found = Object.fromEntries(
    body.data.map((each: { network_transaction_id: string; findings: string[] }) => [
      each.network_transaction_id,
      each.findings.toSorted(),
    ]),
  );
  const expected = ["txn-1", "txn-2"]
    .map((id) => [id, model.findings(id)] as const)
    .filter(([, findings]) => findings.length > 0);
  expect(found).toEqual(Object.fromEntries(expected));
}

it(`agrees with a model on every response and every finding, in ${SEQUENCES} sequences`, async () => {
  const sequences = fc.sample(fc.array(action, { minLength: 3, maxLength: 9 }), {
    numRuns: SEQUENCES,
    seed: 21,
  });
  const runAll = async () => {
    const client = await newPartner();
    await createOrders(client);
    const model = new Model();
    for (let next = sequences.pop(); next; next = sequences.pop()) {
      for (const [index, act] of next.entries()) {
        await run(client, model, act, sequences.length * 100 + index);
      }
      await compare(client, model);
      await run(client, model, { action: "reset" }, 0);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, runAll));
}, 600_000);
