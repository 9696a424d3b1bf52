import { DurableObject } from "cloudflare:workers";
import { refuse, type Refusal } from "../domain/decision.ts";
import type { LedgerState } from "../domain/ledger-state.ts";
import { configOf } from "../config.ts";
import * as events from "../domain/order-events.ts";
import type { OrderEvent } from "../domain/order-events.ts";
import * as orders from "../domain/orders.ts";
import * as warnings from "../domain/warnings.ts";
import { logError } from "../log.ts";
import { commit } from "../store/commit.ts";
import { Database } from "../store/database.ts";
import { isUnavailable, isUnmigrated, DatasetSuperseded } from "../store/failures.ts";
import { recordRepeatedAnswer } from "../store/idempotency.ts";
import {
  findOrderEvent,
  findOrderEventIds,
  insertOrderEvent,
  orderEventDeleted,
} from "../store/order-events.ts";
import { warningsOfReport } from "../domain/reconciliation.ts";
import type { ReportedTransaction } from "../store/reconciliations.ts";
import { findLedgerState, orderDeleted, orderReplaced, type StoredOrder } from "../store/orders.ts";
import { Dataset } from "../store/dataset.ts";
import { CommandQueue, MAX_QUEUED_COMMANDS } from "./command-queue.ts";
import {
  done,
  replayed,
  type AppendOrderEvent,
  type DeleteOrder,
  type DeleteOrderEvent,
  type LedgerCommand,
  type Outcome,
  type ReplaceOrder,
  type Reply,
} from "./commands.ts";
import { findEarlierAnswer } from "./earlier-answer.ts";
import {
  MAX_ATTEMPTS,
  INTERNAL_ERROR,
  OVERTAKEN,
  unavailable,
  whyNotCommitted,
} from "./refusals.ts";

/** How many of an order's events a refusal names, the newest ones. */
const MAX_NAMED_EVENTS = 100;

/**
 * The Durable Object per order: runs the order's commands one at a time, and remembers the order's state
 * in between. It stores nothing: D1 is the only truth, and its fence refuses what follows a state that is
 * no longer true. Nothing is refused on memory alone, which another writer may have made stale.
 */
export class OrderLedger extends DurableObject {
  readonly #queue = new CommandQueue();
  #remembered: { state: LedgerState; dataset_id: number } | undefined;

  replaceOrder(command: ReplaceOrder): Promise<Reply<StoredOrder>> {
    return this.#inTurn(command, (dataset) => this.#replace(dataset, command));
  }

  deleteOrder(command: DeleteOrder): Promise<Reply<undefined>> {
    return this.#inTurn(command, (dataset) => this.#delete(dataset, command));
  }

  appendOrderEvent(command: AppendOrderEvent): Promise<Reply<OrderEvent>> {
    return this.#inTurn(command, (dataset) => this.#append(dataset, command));
  }

  deleteOrderEvent(command: DeleteOrderEvent): Promise<Reply<undefined>> {
    return this.#inTurn(command, (dataset) => this.#deleteEvent(dataset, command));
  }

  async #replace(dataset: Dataset, command: ReplaceOrder): Promise<Outcome<StoredOrder>> {
    const { order_id: id, expected_versions, input, request } = command;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const { state, isFresh } = await this.#takeState(dataset, id);
      const now = request.received_at;
      const decision = orders.replaceOrder(state, { id, expected_versions }, input, now);
      if (!decision.ok) {
        if (!isFresh) continue;
        return this.#refuse(dataset, id, decision.refusal);
      }
      const { order, next } = decision.result;
      const committed = await commit(
        dataset,
        orderReplaced(dataset, order, decision.result, request),
      );
      if (committed === "committed") {
        this.#remember(dataset, next);
        return done(
          { order, version: next.version },
          next.version,
          warnings.warningsOfReplacement(command, next),
        );
      }
      const refusal = await whyNotCommitted(dataset, committed);
      if (refusal) return refuse(refusal);
    }
    return OVERTAKEN;
  }

  async #delete(dataset: Dataset, command: DeleteOrder): Promise<Outcome<undefined>> {
    const { order_id: id, expected_versions, request } = command;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const { state, isFresh } = await this.#takeState(dataset, id);
      const decision = orders.deleteOrder(state, { id, expected_versions });
      if (!decision.ok) {
        if (!isFresh) continue;
        return this.#refuse(dataset, id, decision.refusal);
      }
      const committed = await commit(dataset, orderDeleted(dataset, decision.result, request));
      if (committed === "committed") {
        const { version } = decision.result.next;
        return done(undefined, version, warnings.warningsOfCondition(command));
      }
      const refusal = await whyNotCommitted(dataset, committed);
      if (refusal) return refuse(refusal);
    }
    return OVERTAKEN;
  }

  /**
   * The event is added without looking for an earlier one first: the unique ids tell. Before a refusal it does
   * look: the retry of a refund of all that was captured would be refused, as nothing is left to refund.
   */
  async #append(dataset: Dataset, command: AppendOrderEvent): Promise<Outcome<OrderEvent>> {
    const { order_id, input, new_order_event_id, request } = command;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const { state, isFresh } = await this.#takeState(dataset, order_id);
      const decision = events.appendOrderEvent(state, input, new_order_event_id);
      if (decision.ok) {
        const { event, next } = decision.result;
        const committed = await insertOrderEvent(dataset, decision.result, request);
        if (typeof committed === "object" && "reported" in committed) {
          this.#remember(dataset, next);
          return done(event, next.version, warningsOfAppended(event, next, committed.reported));
        }
        if (committed === "stale") continue;
        const refusal = await whyNotCommitted(dataset, committed);
        if (refusal) return refuse(refusal);
      } else if (!isFresh) {
        continue;
      }
      const earlier = await findEarlierAnswer(dataset, request);
      if (earlier?.ok === false) return earlier;
      if (earlier) return replayed(JSON.parse(earlier.result.body), [warnings.REPEATED_BY_KEY]);
      const stored = await findOrderEvent(dataset, input);
      if (stored) {
        const repeated = events.repeatOrderEvent(input, stored);
        if (!repeated.ok) return repeated;
        if (await recordRepeatedAnswer(dataset, request, { event: stored }))
          return replayed(stored);
      } else if (!decision.ok) {
        return this.#refuse(dataset, order_id, decision.refusal);
      }
    }
    return OVERTAKEN;
  }

  async #deleteEvent(dataset: Dataset, command: DeleteOrderEvent): Promise<Outcome<undefined>> {
    const { order_id, order_event_id, request } = command;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const { state, isFresh } = await this.#takeState(dataset, order_id);
      const event = await findOrderEvent(dataset, { order_event_id });
      // The event may have been deleted, and its id used on another order, since the route found its order.
      const decision =
        state && event?.order_id === order_id
          ? events.deleteOrderEvent(state, event)
          : refuse(events.unknownOrderEvent(order_event_id));
      if (!decision.ok) {
        if (!isFresh) continue;
        return this.#refuse(dataset, order_id, decision.refusal);
      }
      const statements = orderEventDeleted(dataset, event!, decision.result, request);
      const committed = await commit(dataset, statements);
      if (committed === "committed") {
        this.#remember(dataset, decision.result.next);
        return done(undefined, decision.result.next.version);
      }
      const refusal = await whyNotCommitted(dataset, committed);
      if (refusal) return refuse(refusal);
    }
    return OVERTAKEN;
  }

  /**
   * Takes the order's state out of memory, or reads it from D1 in one round trip; undefined if there is no such
   * order. Only a command that commits puts the next state there: after a failure nobody knows what D1 has.
   */
  async #takeState(dataset: Dataset, orderId: string) {
    const remembered = this.#remembered;
    this.#remembered = undefined;
    return remembered?.dataset_id === dataset.known.dataset_id
      ? { state: remembered.state, isFresh: false }
      : { state: await findLedgerState(dataset, orderId), isFresh: true };
  }

  #remember({ known }: Dataset, state: LedgerState): void {
    this.#remembered = { state, dataset_id: known.dataset_id };
  }

  /** A refusal; one that was decided on the order's events names them, in one more round trip. */
  async #refuse(dataset: Dataset, orderId: string, refusal: Refusal): Promise<Outcome<never>> {
    if (!refusal.isOnEvents) return refuse(refusal);
    const order_event_ids = await findOrderEventIds(dataset, orderId, MAX_NAMED_EVENTS);
    return refuse({ ...refusal, details: { ...refusal.details, order_event_ids } });
  }

  /**
   * Runs a command after those that came before it. Never throws: an exception would reach the caller
   * without its type, and without the cost.
   */
  async #inTurn<T>(
    { dataset: known, request }: LedgerCommand,
    command: (dataset: Dataset) => Promise<Outcome<T>>,
  ): Promise<Reply<T>> {
    const db = new Database(this.env.DB);
    const dataset = new Dataset(db, known, configOf(this.env).quotas);
    const running = this.#queue.run(() => command(dataset));
    if (!running) return { outcome: refuse(TOO_MANY), cost: db.cost };
    try {
      return { outcome: await running, cost: db.cost };
    } catch (error) {
      if (error instanceof DatasetSuperseded)
        return { outcome: "dataset superseded", cost: db.cost };
      // Whether a batch was committed is unknown: the retry will find out, as the ledger has forgotten.
      logError("ledger command failed", error, { request_id: request.request_id });
      const refusal =
        isUnavailable(error) || isUnmigrated(error)
          ? unavailable("The database did not confirm the change.")
          : INTERNAL_ERROR;
      return { outcome: refuse(refusal), cost: db.cost };
    }
  }
}

const TOO_MANY = unavailable(
  `More than ${MAX_QUEUED_COMMANDS} requests are waiting for this order.`,
);

/** What may be wrong with an event, on its own and compared with the card. */
function warningsOfAppended(event: OrderEvent, next: LedgerState, reported: ReportedTransaction) {
  const compared = reported.is_compared
    ? warningsOfReport(reported, event, next.payment_method_id)
    : [];
  return [...warnings.warningsOfEvent(event, next), ...compared];
}
