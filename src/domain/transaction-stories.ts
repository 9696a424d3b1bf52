import { accept, type Decision } from "./decision.ts";
import type { Money } from "./money.ts";
import { simulateCardEvent } from "./simulate-card-event.ts";
import {
  type SimulatedEvent,
  type Transaction,
  type TransactionDefaults,
  type TransactionEvent,
  type TransactionEventInput,
} from "./transactions.ts";

/** A step of a story: an event, and the share of the story's amount. A refund refunds the latest capture. */
type Step = Pick<TransactionEventInput, "status"> & { amount?: (amount: Money) => Money };

const whole = (amount: Money) => amount;
const half = (amount: Money) => Math.ceil(amount / 2);
const rest = (amount: Money) => Math.floor(amount / 2);
/** A tip of a fifth. */
const withTip = (amount: Money) => amount + Math.floor(amount / 5);

const approved: Step = { status: "APPROVED", amount: whole };
const captured: Step = { status: "CAPTURED", amount: whole };

/** The events of each story. */
const STEPS = {
  captured: [approved, captured],
  captured_in_two: [
    approved,
    { status: "CAPTURED", amount: half },
    { status: "CAPTURED", amount: rest },
  ],
  voided: [approved, { status: "VOIDED" }],
  partly_refunded: [approved, captured, { status: "REFUNDED", amount: half }],
  refunded: [approved, captured, { status: "REFUNDED", amount: whole }],
  tip_added: [approved, { status: "CAPTURED", amount: withTip }],
  force_captured: [captured],
  blind_refund: [{ status: "REFUNDED", amount: whole }],
} as const satisfies Record<string, readonly Step[]>;

export type Story = keyof typeof STEPS;
export const STORIES = Object.keys(STEPS) as [Story, ...Story[]];

/** A story to simulate, its amount and its card. */
export type StoryInput = Pick<
  TransactionEventInput,
  "customer_id" | "payment_method_id" | "currency" | "network_transaction_id"
> & { story: Story; amount: Money };

/** The events of a story, in order. `defaults` returns those of the event at an index. */
export function playStory(
  { story, amount, ...card }: StoryInput,
  defaults: (index: number) => TransactionDefaults,
): Decision<SimulatedEvent[]> {
  const events: SimulatedEvent[] = [];
  let transaction: Transaction | undefined;
  let capture: TransactionEvent | undefined;
  for (const [index, { status, amount: share }] of (STEPS[story] as readonly Step[]).entries()) {
    const input: TransactionEventInput = {
      ...card,
      status,
      amount: share?.(amount),
      transaction_id: transaction?.id,
      event_id: status === "REFUNDED" ? capture?.event_id : undefined,
    };
    const decision = simulateCardEvent(transaction, input, capture, defaults(index));
    if (!decision.ok) return decision;
    ({ transaction } = decision.result);
    if (status === "CAPTURED") capture = decision.result.event;
    events.push(decision.result);
  }
  return accept(events);
}
