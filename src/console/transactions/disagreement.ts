import { FINDING_MEANINGS } from "../../domain/finding-meanings.ts";
import { SUMS } from "../../domain/ledger-state.ts";
import type { ReconciledTransaction, Transaction } from "../api.ts";
import { money } from "../format.ts";
import { hrefOf } from "../location.ts";

export const DISAGREES = "card and order events disagree";
export const AGREES = "card and order events agree";

interface CardFigures {
  captured: number;
  refunded: number;
}

/** `captured $50.00 · refunded $12.00` */
export const cardFigures = ({ captured, refunded }: CardFigures, currency: string): string =>
  [
    (captured > 0 || refunded === 0) && `captured ${money(captured, currency)}`,
    refunded > 0 && `refunded ${money(refunded, currency)}`,
  ]
    .filter(Boolean)
    .join(" · ");

/** The figures of a listed transaction. The API lists no refunded sums. */
export const amountOf = ({ status, amount, currency }: Transaction): string =>
  status === "REFUNDED"
    ? `${money(amount, currency)} · refunded in part or in full`
    : `${status.toLowerCase()} ${money(amount, currency)}`;

/** Says which side has how much more. */
export function disagreementOf(
  { card, order_events, findings }: ReconciledTransaction,
  currency: string,
): string {
  const parts = SUMS.flatMap((sum) => {
    const onCard = card?.[sum] ?? 0;
    const reported = order_events[sum];
    if (onCard === 0 || onCard === reported) return [];
    const amount = money(Math.abs(onCard - reported), currency);
    const text =
      reported === 2 * onCard
        ? `The card ${sum} ${amount} once. Order events report it twice.`
        : reported > onCard
          ? `Order events report ${amount} more than the card ${sum}.`
          : reported === 0
            ? `The card ${sum} ${amount}, which no order event reports.`
            : `The card ${sum} ${amount} more than order events report.`;
    return text;
  });
  const others = findings
    .filter((finding) => finding !== "amount_differs" && finding !== "not_reported")
    .map((finding) => FINDING_MEANINGS[finding].replaceAll("`", ""));
  return [...parts, ...others].join(" ");
}

/** The URL of a transaction. One that is not on the card is identified by its network ID. */
export function hrefOfTransaction(
  {
    transaction_id,
    network_transaction_id,
  }: Pick<ReconciledTransaction, "transaction_id" | "network_transaction_id">,
  query: Record<string, string> = {},
): string {
  return transaction_id === undefined
    ? hrefOf("transactions", undefined, { ...query, network: network_transaction_id })
    : hrefOf("transactions", transaction_id, query);
}
