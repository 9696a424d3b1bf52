import { accept, refuse, type Decision } from "../domain/decision.ts";
import type { LedgerState, LedgerTotals } from "../domain/ledger-state.ts";
import * as rules from "../domain/order-events.ts";
import type { OrderEvent, OrderEventInput } from "../domain/order-events.ts";
import { requireOrder } from "../domain/orders.ts";
import {
  commitOrderEventAppended,
  commitOrderEventDeleted,
  findOrderEvent,
} from "../store/order-events.ts";
import { done, type AppendOrderEvent, type DeleteOrderEvent, type Outcome } from "./commands.ts";
import { earlierAnswer } from "./idempotency.ts";
import type { Ledger } from "./ledger.ts";

/**
 * Adds the event without looking for an earlier one first: the unique ids answer that. A refusal
 * looks, because the retry of a refund that was made is beyond what is left to refund.
 */
export function appendOrderEvent(
  ledger: Ledger,
  command: AppendOrderEvent,
): Promise<Outcome<OrderEvent>> {
  return ledger.decide(async () => {
    const decision = decide(await ledger.state(), command);
    if (decision.ok) {
      const { event, state, totals } = decision.value;
      const appended = await ledger.add(async () => {
        const { db, partnerId } = ledger;
        await commitOrderEventAppended(db, partnerId, state, event, totals, command.origin);
        const [version, event_count] = [state.version + 1, state.event_count + 1];
        return { ...state, ...totals, version, event_count };
      });
      if (appended) return done(event, state.version + 1);
    } else {
      ledger.requireFreshState();
    }
    const earlier =
      (await earlierAnswer<OrderEvent>(ledger.db, ledger.partnerId, command.origin)) ??
      (await earlierEvent(ledger, command.input));
    // Without one a refusal stands; else an id that was taken has been given back, so try again.
    return earlier ?? (decision.ok ? undefined : ledger.refuse(decision.refusal));
  });
}

/** The event with the order's new totals, or why it can't be. */
function decide(
  ledgerState: LedgerState | undefined,
  { order_id, input, new_order_event_id }: AppendOrderEvent,
): Decision<{ event: OrderEvent; state: LedgerState; totals: LedgerTotals }> {
  const found = requireOrder(ledgerState, order_id);
  if (!found.ok) return found;
  const state = found.value;
  const event = rules.completeOrderEvent(input, {
    order_event_id: new_order_event_id,
    currency: state.currency,
  });
  const totals = rules.appendOrderEvent(state, event);
  return totals.ok ? accept({ event, state, totals: totals.value }) : totals;
}

/** What the event's own ids say: the same event to repeat, a refusal for another one, or nothing. */
async function earlierEvent(
  ledger: Ledger,
  input: OrderEventInput,
): Promise<Outcome<OrderEvent> | undefined> {
  const stored = await findOrderEvent(ledger.db, ledger.partnerId, input);
  if (!stored) return undefined;
  const differing_fields = rules.orderEventDifferences(input, stored);
  if (differing_fields.length === 0) return { ...done(stored, 0), replayed: true };
  const param =
    stored.order_event_id === input.order_event_id ? "order_event_id" : "partner_event_id";
  return refuse({
    type: "CONFLICT_ERROR",
    param,
    message: `The event with the ${param} ${stored[param]} exists with other content (${differing_fields.join(", ")}): use another id for another event.`,
    details: { differing_fields },
  });
}

/** Takes the event out of its order's sums. */
export function deleteOrderEvent(
  ledger: Ledger,
  command: DeleteOrderEvent,
): Promise<Outcome<undefined>> {
  return ledger.decide(async () => {
    const state = await ledger.state();
    const event = state && (await findOrderEvent(ledger.db, ledger.partnerId, command));
    // Its id may have been given back, and used on another order, on the way here.
    if (!state || event?.order_id !== command.order_id) {
      return ledger.refuse(rules.unknownOrderEvent(command.order_event_id));
    }
    const decision = rules.deleteOrderEvent(state, event);
    if (!decision.ok) return ledger.refuse(decision.refusal);
    const version = state.version + 1;
    await ledger.commit(async () => {
      await commitOrderEventDeleted(
        ledger.db,
        ledger.partnerId,
        state,
        event,
        decision.value,
        command.origin,
      );
      return { ...state, ...decision.value, version, event_count: state.event_count - 1 };
    });
    return done(undefined, version);
  });
}
