import { refuse } from "../domain/decision.ts";
import * as rules from "../domain/order-events.ts";
import type { OrderEvent } from "../domain/order-events.ts";
import { requireOrder } from "../domain/orders.ts";
import {
  commitOrderEventAppended,
  commitOrderEventDeleted,
  findOrderEvent,
  findOrderEventWithId,
} from "../store/order-events.ts";
import { done, type AppendOrderEvent, type DeleteOrderEvent, type Outcome } from "./commands.ts";
import type { Ledger } from "./ledger.ts";

/**
 * Adds the event without looking for one with its ids first: the unique ids answer that. A refusal
 * looks, because the retry of a refund that was made is beyond what is left to refund.
 */
export function appendOrderEvent(
  ledger: Ledger,
  command: AppendOrderEvent,
): Promise<Outcome<OrderEvent>> {
  const { input, origin } = command;
  return ledger.decide(async () => {
    const found = requireOrder(await ledger.state(), command.order_id);
    if (!found.ok) return found;
    const state = found.value;
    const event = rules.completeOrderEvent(input, {
      order_event_id: command.new_order_event_id,
      currency: state.currency,
    });
    const decision = rules.appendOrderEvent(state, event);
    if (decision.ok) {
      const next = {
        ...state,
        ...decision.value,
        version: state.version + 1,
        event_count: state.event_count + 1,
      };
      const appended = await ledger.commit(async () => {
        await commitOrderEventAppended(
          ledger.db,
          ledger.partnerId,
          state,
          event,
          decision.value,
          origin,
        );
        return next;
      });
      if (appended) return done(event, next.version);
    }
    const stored = await findOrderEventWithId(ledger.db, ledger.partnerId, input);
    // Without one, a refusal stands; and a taken id was given back in the meantime, so try again.
    if (!stored) return decision.ok ? undefined : decision;
    if (rules.isSameOrderEvent(input, stored)) {
      return { ...done(stored, state.version), replayed: true };
    }
    const param =
      stored.order_event_id === input.order_event_id ? "order_event_id" : "partner_event_id";
    return refuse({
      type: "CONFLICT_ERROR",
      param,
      message: `The event with the ${param} ${stored[param]} exists with other content: use another id for another event.`,
    });
  });
}

/** Takes the event out of its order's sums. */
export function deleteOrderEvent(
  ledger: Ledger,
  command: DeleteOrderEvent,
): Promise<Outcome<undefined>> {
  return ledger.decide(async () => {
    const state = await ledger.state();
    const event =
      state && (await findOrderEvent(ledger.db, ledger.partnerId, command.order_event_id));
    // Its id may have been given back, and used on another order, on the way here.
    if (!state || event?.order_id !== command.order_id) {
      return refuse(rules.unknownOrderEvent(command.order_event_id));
    }
    const decision = rules.deleteOrderEvent(state, event);
    if (!decision.ok) return decision;
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
