import { refuse } from "../domain/decision.ts";
import type { Refusal } from "../domain/errors.ts";
import { executed, replayed, type Outcome } from "../domain/outcome.ts";
import { NO_USAGE, type Usage } from "../domain/quotas.ts";
import { transactionBytesOf, transactionEventBytesOf } from "../domain/stored-bytes.ts";
import { networkIdTaken } from "../domain/transaction-refusals.ts";
import { repeatTransactionEvent, simulateCardEvent } from "../domain/simulate-card-event.ts";
import {
  type SimulatedEvent,
  type TransactionDefaults,
  type TransactionEvent,
  type TransactionEventInput,
} from "../domain/transactions.ts";
import { REPEATED_BY_KEY } from "../domain/warnings.ts";
import { commit, quotaRefusal, type CommitFailure } from "./commit.ts";
import type { BoundDatasetStatement } from "./database.ts";
import type { Dataset } from "./dataset.ts";
import { Overtaken } from "./failures.ts";
import {
  findStoredResponse,
  responseBytes,
  responseStored,
  storeRepeatedResponse,
} from "./idempotency.ts";
import type { RequestMetadata } from "./order-changes.ts";
import { findReconciliation } from "./reconciliations.ts";
import { eventSimulated, findSimulationState } from "./transactions.ts";
import { countUsage } from "./usage.ts";

/** The published response to a simulated event, and the ID under which an executed request is recorded. */
interface SimulatedResponse extends Pick<
  TransactionEvent,
  "transaction_id" | "event_id" | "status"
> {
  network_transaction_id?: string;
}

interface SimulationCommand {
  input: TransactionEventInput;
  defaults: TransactionDefaults;
  request: RequestMetadata;
}

/** Simulates a card event. Of two concurrent events, the version rejects one. Two round trips if accepted. */
export async function simulateTransactionEvent(
  dataset: Dataset,
  { input, defaults, request }: SimulationCommand,
): Promise<Outcome<SimulatedResponse>> {
  const state = await findSimulationState(dataset, input);
  if (state.repeated) {
    const repeated = repeatTransactionEvent(input, state.repeated);
    if (!repeated.ok) return repeated;
    const response = responseTo(repeated.result);
    if (await storeRepeatedResponse(dataset, request, { event: response })) {
      return replayed(response);
    }
  }
  const customer_id = state.customer_id ?? defaults.customer_id;
  const given = { ...defaults, customer_id };
  const decision = simulateCardEvent(state.transaction, input, state.capture, given);
  let refusal = decision.ok ? undefined : decision.refusal;
  if (decision.ok && !state.repeated) {
    const response = responseTo(decision.result.event);
    const committed = await commit(dataset, [
      ...eventSimulated(dataset, decision.result),
      ...responseStored(dataset, request, { event: response }),
      countUsage(dataset, usageOf(decision.result, responseBytes(request, response))),
    ]);
    const { network_transaction_id } = decision.result.transaction;
    if (committed === "committed") {
      return executed({ ...response, network_transaction_id }, undefined, decision.result.warnings);
    }
    if (committed === "stale") throw new Overtaken();
    refusal = await refusalOf(dataset, committed, decision.result);
  }
  // Looked up before any refusal, because the request may repeat an executed one.
  const earlier = await findStoredResponse(dataset, request);
  if (earlier?.ok === false) return earlier;
  if (earlier) return replayed(JSON.parse(earlier.result.body), [REPEATED_BY_KEY]);
  if (refusal) return refuse(refusal);
  throw new Overtaken();
}

/** The statements of a story's events, which create one transaction. */
export function storySimulated(
  dataset: Dataset,
  events: SimulatedEvent[],
): BoundDatasetStatement[] {
  const bytes = events.reduce((sum, event) => sum + usageOf(event, 0).bytes, 0);
  return [
    ...events.flatMap((event) => eventSimulated(dataset, event)),
    countUsage(dataset, { transactions: 1, bytes }),
  ];
}

/** Simulates the events of a story in one batch. One round trip. */
export async function simulateStory(
  dataset: Dataset,
  events: SimulatedEvent[],
): Promise<Outcome<SimulatedEvent[]>> {
  const committed = await commit(dataset, storySimulated(dataset, events));
  if (committed === "committed") return executed(events, undefined);
  const refusal = await refusalOf(dataset, committed, events[0]!);
  if (refusal) return refuse(refusal);
  throw new Overtaken();
}

/** The refusal for a failed commit; undefined if the request may have to run again. */
async function refusalOf(
  dataset: Dataset,
  failure: CommitFailure,
  { transaction }: SimulatedEvent,
): Promise<Refusal | undefined> {
  if (failure === "network ID taken") {
    const { network_transaction_id } = transaction;
    const owner = await findReconciliation(dataset, network_transaction_id, undefined);
    return networkIdTaken(network_transaction_id, owner?.card?.transaction_id);
  }
  return typeof failure === "object" ? quotaRefusal(dataset, failure) : undefined;
}

function responseTo({ transaction_id, event_id, status }: TransactionEvent): SimulatedResponse {
  return { transaction_id, event_id, status };
}

function usageOf({ transaction, event }: SimulatedEvent, bytesOfResponse: number): Usage {
  const isNew = event.version === 1;
  const ofTransaction = isNew ? transactionBytesOf(transaction) : 0;
  const bytes = transactionEventBytesOf(event) + ofTransaction + bytesOfResponse;
  return { ...NO_USAGE, transactions: Number(isNew), bytes };
}
