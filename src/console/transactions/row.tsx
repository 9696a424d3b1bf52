import { followLink } from "../location.ts";
import { Time } from "../parts/values.tsx";
import {
  amountOf,
  cardFigures,
  DISAGREES,
  disagreementOf,
  hrefOfTransaction,
} from "./disagreement.ts";
import type { Item } from "./lists.ts";

interface RowProps {
  item: Item;
  isOpen: boolean;
  query: Record<string, string>;
}

export function Row({ item, isOpen, query }: RowProps) {
  const { network_transaction_id, transaction, reconciled } = item;
  return (
    <a
      class="line transaction"
      href={hrefOfTransaction(item, query)}
      aria-current={isOpen || undefined}
      onClick={followLink}
    >
      <span class="what">
        <b>{titleOf(item)}</b> · {network_transaction_id}
      </span>
      <span class="marks">
        {reconciled && (
          <span class="tag refused" title={disagreementOf(reconciled, currencyOf(item))}>
            {DISAGREES}
          </span>
        )}
      </span>
      <small class="path">
        {transaction
          ? (transaction.merchant?.name ?? transaction.payment_method_id)
          : reconciled?.order_events.order_ids.join(", ")}
      </small>
      {transaction && <Time at={transaction.created_at} />}
    </a>
  );
}

const currencyOf = ({ transaction, reconciled }: Item): string =>
  transaction?.currency ?? reconciled?.card?.currency ?? "USD";

function titleOf(item: Item): string {
  const { transaction, reconciled } = item;
  if (reconciled?.card && (reconciled.card.captured > 0 || reconciled.card.refunded > 0)) {
    return cardFigures(reconciled.card, currencyOf(item));
  }
  return transaction ? amountOf(transaction) : "Not on the card";
}
