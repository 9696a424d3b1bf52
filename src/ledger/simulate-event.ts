import { refuse } from "../domain/decision.ts";
import { bytesOf, NO_USAGE, type Usage } from "../domain/quotas.ts";
import {
  networkIdTaken,
  repeatTransactionEvent,
  simulateEvent,
  type SimulatedEvent,
  type TransactionDefaults,
  type TransactionEvent,
  type TransactionEventInput,
} from "../domain/transactions.ts";
import { REPEATED_BY_KEY } from "../domain/warnings.ts";
import { commit } from "../store/commit.ts";
import type { Dataset } from "../store/dataset.ts";
import { recordAnswer, recordBytes, recordRepeatedAnswer } from "../store/idempotency.ts";
import type { RequestMetadata } from "../store/order-changes.ts";
import { eventSimulated, findSimulationState } from "../store/transactions.ts";
import { countUsage } from "../store/usage.ts";
import { done, replayed, type Outcome } from "./commands.ts";
import { findEarlierAnswer } from "./earlier-answer.ts";
import { MAX_ATTEMPTS, OVERTAKEN, whyNotCommitted } from "./refusals.ts";

/** The published response to a simulated event. */
export type SimulatedResponse = Pick<TransactionEvent, "transaction_id" | "event_id" | "status">;

interface SimulationCommand {
  input: TransactionEventInput;
  defaults: TransactionDefaults;
  request: RequestMetadata;
}

/**
 * Simulates an event of a card transaction. No ledger: the transaction's version decides a race. Two round
 * trips, unless another event of the transaction comes first.
 */
export async function simulateTransactionEvent(
  dataset: Dataset,
  { input, defaults, request }: SimulationCommand,
): Promise<Outcome<SimulatedResponse>> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const state = await findSimulationState(dataset, input);
    if (state.repeated) {
      const repeated = repeatTransactionEvent(input, state.repeated);
      if (!repeated.ok) return repeated;
      const response = responseTo(repeated.result);
      if (await recordRepeatedAnswer(dataset, request, { event: response })) {
        return replayed(response);
      }
    }
    const customer_id = state.customer_id ?? defaults.customer_id;
    const decision = simulateEvent(state.transaction, input, state.capture, {
      ...defaults,
      customer_id,
    });
    let refusal = decision.ok ? undefined : decision.refusal;
    if (decision.ok && !state.repeated) {
      const response = responseTo(decision.result.event);
      const committed = await commit(dataset, [
        ...eventSimulated(dataset, decision.result),
        ...recordAnswer(dataset, request, { event: response }),
        countUsage(dataset, usageOf(decision.result, recordBytes(request, response))),
      ]);
      if (committed === "committed") return done(response, undefined, decision.result.warnings);
      if (committed === "stale") continue;
      refusal =
        committed === "network ID taken"
          ? networkIdTaken(decision.result.transaction.network_transaction_id)
          : await whyNotCommitted(dataset, committed);
    }
    // Before any refusal: the request may be the retry of one that took effect.
    const earlier = await findEarlierAnswer(dataset, request);
    if (earlier?.ok === false) return earlier;
    if (earlier) return replayed(JSON.parse(earlier.result.body), [REPEATED_BY_KEY]);
    if (refusal) return refuse(refusal);
  }
  return OVERTAKEN;
}

/** Simulates the events of a story in one batch. One round trip. */
export async function simulateStory(
  dataset: Dataset,
  events: SimulatedEvent[],
): Promise<Outcome<SimulatedEvent[]>> {
  const used = events.map((event) => usageOf(event, 0));
  const bytes = used.reduce((sum, usage) => sum + usage.bytes, 0);
  const committed = await commit(dataset, [
    ...events.flatMap((event) => eventSimulated(dataset, event)),
    countUsage(dataset, { transactions: 1, bytes }),
  ]);
  if (committed === "committed") return done(events, undefined);
  if (committed === "network ID taken") {
    return refuse(networkIdTaken(events[0]!.transaction.network_transaction_id));
  }
  return refuse((await whyNotCommitted(dataset, committed)) ?? OVERTAKEN.refusal);
}

function responseTo({ transaction_id, event_id, status }: TransactionEvent): SimulatedResponse {
  return { transaction_id, event_id, status };
}

/** Index entries and fixed columns of an event, and of a transaction with its sums. */
const EVENT_BYTES = 100;
const TRANSACTION_BYTES = 300;

function usageOf({ transaction, event }: SimulatedEvent, record: number): Usage {
  const isNew = event.version === 1;
  const bytes = bytesOf(JSON.stringify(event)) + EVENT_BYTES + record;
  const ofTransaction = isNew ? bytesOf(JSON.stringify(transaction)) + TRANSACTION_BYTES : 0;
  return { ...NO_USAGE, transactions: Number(isNew), bytes: bytes + ofTransaction };
}
