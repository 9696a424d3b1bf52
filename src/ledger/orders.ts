import { refuse } from "../domain/decision.ts";
import { NO_TOTALS } from "../domain/ledger-state.ts";
import * as rules from "../domain/orders.ts";
import type { Order } from "../domain/orders.ts";
import {
  commitOrderCreated,
  commitOrderDeleted,
  commitOrderReplaced,
  findOrder,
} from "../store/orders.ts";
import {
  done,
  type CreateOrder,
  type DeleteOrder,
  type Outcome,
  type ReplaceOrder,
} from "./commands.ts";
import { earlierAnswer } from "./idempotency.ts";
import type { Ledger } from "./ledger.ts";

/** Adds the order without looking first: the unique id answers whether there is one already. */
export function createOrder(ledger: Ledger, command: CreateOrder): Promise<Outcome<Order>> {
  const { input, order_id: id, origin } = command;
  const now = origin.changed_at;
  const order = rules.completeOrder(input, { id, created_at: now, updated_at: now });
  return ledger.decide(async () => {
    if (!ledger.remembered) {
      const created = await ledger.add(async () => ({
        ...NO_TOTALS,
        id,
        version: await commitOrderCreated(ledger.db, ledger.partnerId, order, origin),
        currency: order.currency,
        created_at: order.created_at,
        event_count: 0,
      }));
      if (created) return done(order, ledger.remembered!.version);
    }
    const earlier = await earlierAnswer<Order>(ledger.db, ledger.partnerId, origin);
    if (earlier) return earlier;
    const stored = await findOrder(ledger.db, ledger.partnerId, id);
    if (!stored) {
      // Given back by another writer in the meantime, or remembered wrongly: try again.
      ledger.forget();
      return undefined;
    }
    const differing_fields = rules.orderDifferences(input, stored.order);
    if (differing_fields.length === 0) {
      return { ...done(stored.order, stored.version), replayed: true };
    }
    return refuse({
      type: "CONFLICT_ERROR",
      param: "id",
      message: `The order ${id} exists with other content (${differing_fields.join(", ")}): use another id, or PUT to change the order.`,
      details: { differing_fields },
    });
  });
}

/** Puts another content in the order's place. */
export function replaceOrder(ledger: Ledger, command: ReplaceOrder): Promise<Outcome<Order>> {
  return ledger.decide(async () => {
    const found = rules.requireOrder(
      await ledger.state(),
      command.order_id,
      command.expected_versions,
    );
    if (!found.ok) return ledger.refuse(found.refusal);
    const state = found.value;
    const decision = rules.replaceOrder(state, command.input, command.origin.changed_at);
    if (!decision.ok) return ledger.refuse(decision.refusal);
    const order = decision.value;
    const version = state.version + 1;
    await ledger.commit(async () => {
      await commitOrderReplaced(ledger.db, ledger.partnerId, state, order, command.origin);
      return { ...state, version, currency: order.currency, created_at: order.created_at };
    });
    return done(order, version);
  });
}

/** Removes the order; its history stays. */
export function deleteOrder(ledger: Ledger, command: DeleteOrder): Promise<Outcome<undefined>> {
  return ledger.decide(async () => {
    const found = rules.requireOrder(
      await ledger.state(),
      command.order_id,
      command.expected_versions,
    );
    if (!found.ok) return ledger.refuse(found.refusal);
    const decision = rules.deleteOrder(found.value);
    if (!decision.ok) return ledger.refuse(decision.refusal);
    await ledger.commit(async () => {
      await commitOrderDeleted(ledger.db, ledger.partnerId, found.value, command.origin);
      return undefined;
    });
    return done(undefined, found.value.version + 1);
  });
}
