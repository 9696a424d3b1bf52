import { expect, it } from "vitest";
import {
  findingsOf,
  type CardSide,
  type Finding,
  type OrderEventSide,
} from "../../src/domain/reconciliation.ts";

const CARD: CardSide = {
  transaction_id: "transaction-1",
  captured: 5000,
  refunded: 0,
  currency: "USD",
  payment_method_id: "pm-1",
  status: "CAPTURED",
};
const EVENTS: OrderEventSide = {
  captured: 5000,
  refunded: 0,
  event_count: 1,
  has_other_currency: false,
  has_other_payment_method: false,
};
const NONE: OrderEventSide = { ...EVENTS, captured: 0, event_count: 0 };

it.each<[string, Partial<CardSide> | undefined, OrderEventSide, Finding[]]>([
  ["equal sums", {}, EVENTS, []],
  ["equal refunds", { refunded: 100 }, { ...EVENTS, refunded: 100 }, []],
  ["an unreported approval", { captured: 0, status: "APPROVED" }, NONE, []],
  ["a report before the card captures", { captured: 0, status: "APPROVED" }, EVENTS, []],
  ["an unreported void", { captured: 0, status: "VOIDED" }, NONE, []],
  ["an event without a transaction", undefined, EVENTS, ["unknown_transaction"]],
  [
    "an event of 0 without a transaction",
    undefined,
    { ...NONE, event_count: 1 },
    ["unknown_transaction"],
  ],
  ["no transaction and no event", undefined, NONE, []],
  ["an unreported capture", {}, NONE, ["not_reported"]],
  ["an unreported refund", { refunded: 1 }, EVENTS, ["not_reported"]],
  ["a capture reported twice", {}, { ...EVENTS, captured: 10000 }, ["amount_differs"]],
  ["a refund of another amount", { refunded: 5 }, { ...EVENTS, refunded: 6 }, ["amount_differs"]],
  ["another currency", {}, { ...EVENTS, has_other_currency: true }, ["currency_differs"]],
  [
    "another payment method",
    {},
    { ...EVENTS, has_other_payment_method: true },
    ["payment_method_differs"],
  ],
  ["an event after a void", { captured: 0, status: "VOIDED" }, EVENTS, ["event_after_void"]],
  [
    "two findings together",
    { refunded: 1 },
    { ...EVENTS, captured: 1 },
    ["not_reported", "amount_differs"],
  ],
])("%s: finds exactly the differences", (_, card, events, findings) => {
  expect(findingsOf(card && { ...CARD, ...card }, events)).toEqual(findings);
});
