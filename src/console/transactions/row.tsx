import { money } from "../format.ts";
import { followLink } from "../location.ts";
import { Time } from "../parts/values.tsx";
import { hrefOfTransaction } from "./both-sides.tsx";
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
        {reconciled?.findings.map((finding) => (
          <span key={finding} class="tag refused">
            {finding}
          </span>
        ))}
      </span>
      <small class="path">{transaction?.merchant?.name ?? transaction?.payment_method_id}</small>
      {transaction && <Time at={transaction.created_at} />}
    </a>
  );
}

/** `CAPTURED $50.00` */
function titleOf({ transaction, reconciled }: Item): string {
  if (transaction)
    return `${transaction.status} ${money(transaction.amount, transaction.currency)}`;
  const card = reconciled?.card;
  if (!card) return "Not on the card";
  return `${card.status} ${money(card.captured || card.refunded, card.currency)}`;
}
