import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  MAX_TRANSACTION_EVENTS,
  repeatTransactionEvent,
  simulateCardEvent,
} from "../../src/domain/simulate-card-event.ts";
import { playStory, STORIES, type Story } from "../../src/domain/transaction-stories.ts";
import {
  amountOf,
  TRANSACTION_STATUSES,
  type Transaction,
  type TransactionDefaults,
  type TransactionEvent,
  type TransactionEventInput,
  type TransactionStatus,
} from "../../src/domain/transactions.ts";

const CARD = { payment_method_id: "pm-1" };

function defaults(index: number): TransactionDefaults {
  return {
    transaction_id: "transaction-1",
    event_id: `event-${index}`,
    network_transaction_id: "txn-1",
    customer_id: "customer-1",
    created_at: "2026-01-15T09:30:00Z",
  };
}

/** A card that applies simulated requests in order. */
class Card {
  transaction: Transaction | undefined;
  readonly events = new Map<string, TransactionEvent>();
  #count = 0;

  send(input: Partial<TransactionEventInput> & { status: TransactionStatus }) {
    this.#count += 1;
    const full = { ...CARD, ...input };
    const capture = full.event_id === undefined ? undefined : this.events.get(full.event_id);
    const decision = simulateCardEvent(this.transaction, full, capture, defaults(this.#count));
    if (decision.ok) {
      const { transaction, event, capture: refunded } = decision.result;
      this.transaction = transaction;
      for (const each of [event, refunded]) if (each) this.events.set(each.event_id, each);
    }
    return decision;
  }
}

const transaction_id = "transaction-1";
type Request = Partial<TransactionEventInput> & { status: TransactionStatus };

const approve: Request = { status: "APPROVED", amount: 5000 };
const capture: Request = { status: "CAPTURED", transaction_id, amount: 400, event_id: "capture-1" };
const refund: Request = { status: "REFUNDED", transaction_id, event_id: "capture-1", amount: 400 };

describe("simulateCardEvent", () => {
  it("rejects one event more than a transaction can have", () => {
    const card = new Card();
    card.send(approve);
    for (let count = 1; count < MAX_TRANSACTION_EVENTS; count += 1) {
      expect(card.send({ ...capture, event_id: undefined, amount: 1 }).ok).toBe(true);
    }
    expect(card.send({ ...capture, event_id: undefined, amount: 1 })).toMatchObject({
      ok: false,
      refusal: { type: "CONFLICT_ERROR", details: { events: MAX_TRANSACTION_EVENTS } },
    });
  });

  it.each<[string, Request[], Partial<Transaction>, number]>([
    ["approves", [approve], { status: "APPROVED", authorized_amount: 5000 }, 5000],
    ["voids", [approve, { status: "VOIDED", transaction_id }], { status: "VOIDED" }, 5000],
    [
      "lowers the amount of an approved transaction",
      [approve, { status: "UPDATED", transaction_id, amount: 3546 }],
      { status: "UPDATED", authorized_amount: 3546 },
      3546,
    ],
    ["captures a part", [approve, capture], { status: "CAPTURED", captured_amount: 400 }, 400],
    [
      "captures the rest when the amount is left out",
      [approve, capture, { status: "CAPTURED", transaction_id }],
      { captured_amount: 5000 },
      5000,
    ],
    [
      "captures without an authorization",
      [{ status: "CAPTURED", amount: 400 }],
      { status: "CAPTURED", captured_amount: 400, authorized_amount: 0 },
      400,
    ],
    [
      "refunds a capture",
      [approve, capture, refund],
      { status: "REFUNDED", captured_amount: 400, refunded_amount: 400 },
      400,
    ],
    [
      "refunds the rest of a capture when the amount is left out",
      [approve, capture, { ...refund, amount: 100 }, { ...refund, amount: undefined }],
      { refunded_amount: 400 },
      400,
    ],
    [
      "refunds without a transaction",
      [{ status: "REFUNDED", amount: 400 }],
      { status: "REFUNDED", refunded_amount: 400, captured_amount: 0 },
      400,
    ],
  ])("%s", (_, requests, expected, amount) => {
    const card = new Card();
    for (const request of requests) expect(card.send(request)).toMatchObject({ ok: true });
    expect(card.transaction).toMatchObject({ ...expected, version: requests.length });
    expect(amountOf(card.transaction!)).toBe(amount);
  });

  it.each<[string, Request[], string, string]>([
    [
      "APPROVED of a transaction",
      [approve, { ...approve, transaction_id }],
      "CONFLICT_ERROR",
      "transaction_id",
    ],
    ["an unknown transaction", [capture], "TRANSACTION_FOUND_ERROR", "transaction_id"],
    [
      "UPDATED without a transaction",
      [{ status: "UPDATED", amount: 1 }],
      "INVALID_REQUEST_ERROR",
      "transaction_id",
    ],
    [
      "VOIDED without a transaction",
      [{ status: "VOIDED" }],
      "INVALID_REQUEST_ERROR",
      "transaction_id",
    ],
    ["APPROVED without an amount", [{ status: "APPROVED" }], "INVALID_REQUEST_ERROR", "amount"],
    [
      "a force capture without an amount",
      [{ status: "CAPTURED" }],
      "INVALID_REQUEST_ERROR",
      "amount",
    ],
    [
      "a blind refund without an amount",
      [{ status: "REFUNDED" }],
      "INVALID_REQUEST_ERROR",
      "amount",
    ],
    [
      "UPDATED without an amount",
      [approve, { status: "UPDATED", transaction_id }],
      "INVALID_REQUEST_ERROR",
      "amount",
    ],
    [
      "UPDATED after a capture",
      [approve, capture, { status: "UPDATED", transaction_id, amount: 1 }],
      "CONFLICT_ERROR",
      "status",
    ],
    [
      "VOIDED after a capture",
      [approve, capture, { status: "VOIDED", transaction_id }],
      "CONFLICT_ERROR",
      "status",
    ],
    [
      "a capture after VOIDED",
      [approve, { status: "VOIDED", transaction_id }, capture],
      "CONFLICT_ERROR",
      "status",
    ],
    [
      "a capture after a refund",
      [approve, capture, refund, { ...capture, event_id: "capture-2" }],
      "CONFLICT_ERROR",
      "status",
    ],
    ["a refund before a capture", [approve, refund], "CONFLICT_ERROR", "status"],
    [
      "a refund without the capture's event_id",
      [approve, capture, { ...refund, event_id: undefined }],
      "INVALID_REQUEST_ERROR",
      "event_id",
    ],
    [
      "a refund of an event that is no capture",
      [{ ...approve, event_id: "approval" }, capture, { ...refund, event_id: "approval" }],
      "CONFLICT_ERROR",
      "event_id",
    ],
    [
      "a refund above its capture",
      [approve, capture, { ...refund, amount: 401 }],
      "CONFLICT_ERROR",
      "amount",
    ],
    [
      "a second refund above the rest",
      [approve, capture, refund, { ...refund, amount: 1 }],
      "CONFLICT_ERROR",
      "amount",
    ],
    [
      "a refund of the rest when nothing is left",
      [approve, capture, refund, { ...refund, amount: undefined }],
      "CONFLICT_ERROR",
      "amount",
    ],
    [
      "a capture of the rest when nothing is left",
      [approve, { ...capture, amount: 5000 }, { status: "CAPTURED", transaction_id }],
      "CONFLICT_ERROR",
      "amount",
    ],
    [
      "a capture above the largest amount",
      [
        approve,
        { ...capture, amount: Number.MAX_SAFE_INTEGER },
        { ...capture, event_id: "capture-2" },
      ],
      "CONFLICT_ERROR",
      "amount",
    ],
    [
      "another payment method",
      [approve, { ...capture, payment_method_id: "pm-2" }],
      "CONFLICT_ERROR",
      "payment_method_id",
    ],
    [
      "another customer",
      [approve, { ...capture, customer_id: "customer-2" }],
      "CONFLICT_ERROR",
      "customer_id",
    ],
    [
      "another network_transaction_id",
      [approve, { ...capture, network_transaction_id: "txn-2" }],
      "CONFLICT_ERROR",
      "network_transaction_id",
    ],
    [
      "another currency",
      [approve, { ...capture, currency: "EUR" }],
      "INVALID_REQUEST_ERROR",
      "currency",
    ],
  ])("rejects %s", (_, requests, type, param) => {
    const card = new Card();
    for (const request of requests.slice(0, -1)) {
      expect(card.send(request)).toMatchObject({ ok: true });
    }
    const before = card.transaction;
    expect(card.send(requests.at(-1)!)).toMatchObject({ ok: false, refusal: { type, param } });
    expect(card.transaction).toEqual(before);
  });

  it("shows the figures of a rejected refund", () => {
    const card = new Card();
    for (const request of [approve, capture, { ...refund, amount: 100 }]) card.send(request);
    expect(card.send(refund)).toMatchObject({
      refusal: { details: { captured: 400, refunded: 100, refundable: 300, requested: 400 } },
    });
  });

  it("warns about a capture above the authorization", () => {
    const card = new Card();
    card.send(approve);
    expect(card.send({ ...capture, amount: 5001 })).toMatchObject({
      result: { warnings: [{ code: "captured_beyond_authorization", param: "amount" }] },
    });
  });

  it("never refunds more than it captured, and keeps the sums equal to those of the events", () => {
    const request = fc.record({
      status: fc.constantFrom(...TRANSACTION_STATUSES),
      amount: fc.option(fc.integer({ min: 0, max: 1000 }), { nil: undefined }),
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 30 }), (requests) => {
        const card = new Card();
        card.send(approve);
        for (const { status, amount, pick } of requests) {
          const captures = [...card.events.values()].filter((each) => each.status === "CAPTURED");
          const event_id =
            status === "REFUNDED" ? captures[pick % captures.length]?.event_id : undefined;
          card.send({ status, amount, transaction_id, event_id });
        }
        const sum = (status: TransactionStatus) =>
          [...card.events.values()]
            .filter((each) => each.status === status)
            .reduce((total, each) => total + each.amount, 0);
        const { captured_amount, refunded_amount } = card.transaction!;
        expect(captured_amount).toBe(sum("CAPTURED"));
        expect(refunded_amount).toBe(sum("REFUNDED"));
        expect(refunded_amount).toBeLessThanOrEqual(captured_amount);
        for (const each of card.events.values()) {
          expect(each.refunded_amount).toBeLessThanOrEqual(each.amount);
        }
      }),
    );
  });
});

describe("repeatTransactionEvent", () => {
  const input = { ...CARD, ...approve, event_id: "event-a" };
  const stored = { event_id: "event-a", input } as TransactionEvent;

  it("returns the stored event for the same request", () => {
    expect(repeatTransactionEvent({ ...input, currency: undefined }, stored)).toMatchObject({
      ok: true,
      result: stored,
    });
  });

  it("rejects other content, and names the fields that differ", () => {
    expect(repeatTransactionEvent({ ...input, amount: 1 }, stored)).toMatchObject({
      ok: false,
      refusal: {
        type: "CONFLICT_ERROR",
        param: "event_id",
        details: { differing_fields: ["amount"] },
      },
    });
  });
});

describe("playStory", () => {
  it.each<[Story, TransactionStatus[], captured: number, refunded: number]>([
    ["captured", ["APPROVED", "CAPTURED"], 1001, 0],
    ["captured_in_two", ["APPROVED", "CAPTURED", "CAPTURED"], 1001, 0],
    ["voided", ["APPROVED", "VOIDED"], 0, 0],
    ["partly_refunded", ["APPROVED", "CAPTURED", "REFUNDED"], 1001, 501],
    ["refunded", ["APPROVED", "CAPTURED", "REFUNDED"], 1001, 1001],
    ["tip_added", ["APPROVED", "CAPTURED"], 1201, 0],
    ["force_captured", ["CAPTURED"], 1001, 0],
    ["blind_refund", ["REFUNDED"], 0, 1001],
  ])("plays %s", (story, statuses, captured, refunded) => {
    const played = playStory({ ...CARD, story, amount: 1001 }, defaults);
    const events = played.ok ? played.result : [];
    expect(events.map(({ event }) => event.status)).toEqual(statuses);
    expect(events.at(-1)?.transaction).toMatchObject({
      captured_amount: captured,
      refunded_amount: refunded,
      version: statuses.length,
    });
  });

  it("has a test for every story", () => expect(STORIES).toHaveLength(8));
});
