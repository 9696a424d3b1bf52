import { Link } from "wouter-preact";
import { SUMS } from "../../domain/ledger-state.ts";
import type { ReconciledTransaction } from "../api.ts";
import { hrefOf } from "../location.ts";
import { Money } from "../parts/values.tsx";
import { AGREES, DISAGREES, disagreementOf, hrefOfTransaction } from "./disagreement.ts";

interface BothSidesProps {
  reconciled: ReconciledTransaction;
  /** The currency of the order events, used if the transaction is not on the card. */
  currency: string;
  /** Whether the heading links to the transaction's page. */
  isLinked?: boolean;
}

/** The sums on the card and in order events, with the differences marked. */
export function BothSides({ reconciled, currency, isLinked }: BothSidesProps) {
  const { network_transaction_id, card, findings } = reconciled;
  return (
    <section class="sides" aria-label={`Transaction ${network_transaction_id}`}>
      <div class="bar">
        {isLinked ? (
          <Link href={hrefOfTransaction(reconciled)}>{network_transaction_id}</Link>
        ) : (
          <b>{network_transaction_id}</b>
        )}
        {isLinked && card && (
          <Link href={hrefOf("notifications", undefined, { network_transaction_id })}>
            Notifications
          </Link>
        )}
        {card && <span class="tag">{card.status}</span>}
        <Agreement transactions={[reconciled]} />
      </div>
      <Sums reconciled={reconciled} currency={card?.currency ?? currency} />
      {findings.length > 0 && (
        <p>
          {disagreementOf(reconciled, card?.currency ?? currency)}{" "}
          {findings.map((finding) => (
            <code key={finding} class="quiet">
              {finding}{" "}
            </code>
          ))}
        </p>
      )}
    </section>
  );
}

function Sums({
  reconciled: { card, order_events },
  currency,
}: Pick<BothSidesProps, "reconciled" | "currency">) {
  return (
    <div class="table">
      <table>
        <thead>
          <tr>
            <td />
            {["on the card", "in order events", "difference"].map((title) => (
              <th key={title} scope="col" class="right">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {SUMS.map((sum) => (
            <tr key={sum}>
              <th scope="row">{sum}</th>
              <td class="right">
                {card ? <Money amount={card[sum]} currency={currency} /> : "none"}
              </td>
              <td class="right">
                <Money amount={order_events[sum]} currency={currency} />
              </td>
              <td class="right">
                <Difference amount={order_events[sum] - (card?.[sum] ?? 0)} currency={currency} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Difference({ amount, currency }: { amount: number; currency: string }) {
  if (amount === 0) return <span class="quiet">none</span>;
  return (
    <mark>
      {amount > 0 && "+"}
      <Money amount={amount} currency={currency} />
    </mark>
  );
}

/** Whether order events agree with the card. They may report an amount before the card has it. */
export function Agreement({ transactions }: { transactions: ReconciledTransaction[] }) {
  if (transactions.some(({ findings }) => findings.length > 0)) {
    return <span class="tag refused">{DISAGREES}</span>;
  }
  const isAhead = transactions.some(({ card, order_events }) =>
    SUMS.some((sum) => order_events[sum] > (card?.[sum] ?? 0)),
  );
  return isAhead ? (
    <span class="tag warning">order events report more than the card</span>
  ) : (
    <span class="tag good">{AGREES}</span>
  );
}
