import { Link } from "wouter-preact";
import { api, unwrap, type OrderReconciliation } from "../api.ts";
import { hrefOf } from "../location.ts";
import { BothSides } from "../transactions/both-sides.tsx";

/** Both sides of an order's transactions; undefined if they can't be loaded. */
export const reconcile = (order_id: string): Promise<OrderReconciliation | undefined> =>
  unwrap(
    api.GET("/sandbox/orders/{order_id}/reconciliation", { params: { path: { order_id } } }),
  ).catch(() => undefined);

interface CardProps {
  reconciliation: OrderReconciliation;
  currency: string;
  hasEvents: boolean;
}

/** Compares the order's events with its card transactions. */
export function Card({ reconciliation: { transactions }, currency, hasEvents }: CardProps) {
  return (
    <>
      <h2>Card and order events</h2>
      {transactions.map((each) => (
        <BothSides
          key={each.network_transaction_id}
          reconciled={each}
          currency={currency}
          isLinked
        />
      ))}
      {transactions.length === 0 && (
        <p class="quiet">
          {hasEvents
            ? "No card transactions are simulated, so there is nothing to compare. "
            : "No order event names a card transaction yet. "}
          <Link href={hrefOf("transactions", "new")}>Simulate one</Link>
        </p>
      )}
    </>
  );
}
