/** Whether the order events agree with the card transactions. */
import type { ReadinessFacts } from "./facts.ts";
import { counted, failed, notSeen, passed, type Evidence, type Verdict } from "./verdict.ts";

export function checkCard({ card }: ReadinessFacts): Verdict {
  if (card.transactions === 0) return notSeen("No card transaction was simulated.");
  const [first, ...others] = card.disagreements.map(
    ({ network_transaction_id, order_event_ids: [order_event_id] }): Evidence => ({
      network_transaction_id,
      ...(order_event_id !== undefined && { order_event_id }),
    }),
  );
  if (first) {
    const findings = card.disagreements[0]!.findings.join(", ");
    return failed(
      `${counted(card.disagreeing, "transaction")} of ${card.agreeing + card.disagreeing} disagree with the order events, first ${first.network_transaction_id}: ${findings}.`,
      [first, ...others],
    );
  }
  if (card.without_card > 0) {
    return notSeen(
      `The card has not moved the money that order events report for ${counted(card.without_card, "network_transaction_id")}: ${card.without_card_ids.join(", ")}. Simulate these captures and refunds on the card.`,
    );
  }
  const [one, ...more] = card.agreeing_ids.map((network_transaction_id) => ({
    network_transaction_id,
  }));
  if (!one) return notSeen("No order event reports money of a simulated card transaction.");
  return passed(
    `Compared ${counted(card.agreeing, "transaction")} with the order events: both have the same captured sums and the same refunded sums.`,
    [one, ...more],
  );
}
