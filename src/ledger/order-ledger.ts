import { DurableObject } from "cloudflare:workers";
import { accept, refuse, type Decision } from "../domain/decision.ts";
import { INTERNAL_ERROR, unavailable, type Refusal } from "../domain/errors.ts";
import type { LedgerState } from "../domain/ledger-state.ts";
import { configOf } from "../config.ts";
import * as events from "../domain/order-events.ts";
import type { AppendedEvent, OrderEvent } from "../domain/order-events.ts";
import * as orders from "../domain/orders.ts";
import { executed, replayed, type Outcome } from "../domain/outcome.ts";
import * as warnings from "../domain/warnings.ts";
import type { Warning } from "../domain/warnings.ts";
import { logError } from "../log.ts";
import { commit, quotaRefusal, type CommitFailure } from "../store/commit.ts";
import { Database, type BoundDatasetStatement } from "../store/database.ts";
import { isUnavailable, isUnmigrated, DatasetSuperseded, Overtaken } from "../store/failures.ts";
import { findStoredResponse, storeRepeatedResponse } from "../store/idempotency.ts";
import {
  findOrderEvent,
  findOrderEventIds,
  insertOrderEvent,
  orderEventDeleted,
} from "../store/order-events.ts";
import { warningsOfReport } from "../domain/reconciliation.ts";
import { findLedgerState, orderDeleted, orderReplaced, type StoredOrder } from "../store/orders.ts";
import { Dataset } from "../store/dataset.ts";
import type { RequestMetadata } from "../store/order-changes.ts";
import { CommandQueue, MAX_QUEUED_COMMANDS } from "./command-queue.ts";
import type {
  AppendOrderEvent,
  DeleteOrder,
  DeleteOrderEvent,
  LedgerCommand,
  ReplaceOrder,
  Reply,
} from "./commands.ts";

/** A refusal lists at most this many events, the newest ones. */
const MAX_NAMED_EVENTS = 100;

/** An accepted change of an order. */
interface Change<T> {
  version: number;
  /** The state after the change; undefined for a deleted order. */
  next: LedgerState | undefined;
  result: T;
  commit: () => Promise<{ warnings: Warning[] } | CommitFailure>;
}

/** The steps that differ from command to command. */
interface Steps<T> {
  /** Decides from the order's state. May read more from D1: if the order changes meanwhile, the commit fails. */
  decide: (state: LedgerState | undefined) => Promise<Decision<Change<T>>>;
  /** Finds the outcome of an earlier request with the same IDs or key. */
  findEarlier?: () => Promise<Outcome<T> | undefined>;
}

/**
 * The Durable Object of one order. It runs the order's commands one at a time, and remembers the order's state
 * in memory between them. It stores nothing. Another writer may change the order in D1, so the D1 batch that writes a
 * change also checks the order's version (the fence), and fails if the state was outdated. A refusal writes nothing that
 * could check the version, so it is decided on a freshly read state.
 */
export class OrderLedger extends DurableObject {
  readonly #queue = new CommandQueue();
  #remembered: { state: LedgerState; dataset_id: number } | undefined;

  replaceOrder(command: ReplaceOrder): Promise<Reply<StoredOrder>> {
    const { order_id: id, expected_versions, input, request } = command;
    return this.#run(command, (dataset) => ({
      decide: async (state) => {
        const now = request.received_at;
        const decision = orders.replaceOrder(state, { id, expected_versions }, input, now);
        if (!decision.ok) return decision;
        const { order, next } = decision.result;
        return accept({
          version: next.version,
          next,
          result: { order, version: next.version },
          commit: () =>
            commitChange(
              dataset,
              orderReplaced(dataset, order, decision.result, request),
              warnings.warningsOfReplacement(command, next),
            ),
        });
      },
    }));
  }

  deleteOrder(command: DeleteOrder): Promise<Reply<undefined>> {
    const { order_id: id, expected_versions, request } = command;
    return this.#run(command, (dataset) => ({
      decide: async (state) => {
        const decision = orders.deleteOrder(state, { id, expected_versions });
        if (!decision.ok) return decision;
        return accept({
          version: decision.result.next.version,
          next: undefined,
          result: undefined,
          commit: () =>
            commitChange(
              dataset,
              orderDeleted(dataset, decision.result, request),
              warnings.warningsOfCondition(command),
            ),
        });
      },
    }));
  }

  appendOrderEvent(command: AppendOrderEvent): Promise<Reply<OrderEvent>> {
    const { input, new_order_event_id, request } = command;
    return this.#run(command, (dataset) => ({
      decide: async (state) => {
        const decision = events.appendOrderEvent(state, input, new_order_event_id);
        if (!decision.ok) return decision;
        const { event, next } = decision.result;
        return accept({
          version: next.version,
          next,
          result: event,
          commit: () => commitEvent(dataset, decision.result, request),
        });
      },
      findEarlier: () => findEarlierEvent(dataset, command),
    }));
  }

  deleteOrderEvent(command: DeleteOrderEvent): Promise<Reply<undefined>> {
    const { order_id, order_event_id, request } = command;
    return this.#run(command, (dataset) => ({
      decide: async (state) => {
        const event = await findOrderEvent(dataset, { order_event_id });
        // After the route found the event, it may have been deleted, and its ID reused in another order.
        const isOnOrder = state && event?.order_id === order_id;
        if (!isOnOrder) return refuse(events.unknownOrderEvent(order_event_id));
        const decision = events.deleteOrderEvent(state, event);
        if (!decision.ok) return decision;
        return accept({
          version: decision.result.next.version,
          next: decision.result.next,
          result: undefined,
          commit: () =>
            commitChange(dataset, orderEventDeleted(dataset, event, decision.result, request), []),
        });
      },
    }));
  }

  /** Executes a command on the remembered state, and if that fails, on the state in D1. */
  async #execute<T>(dataset: Dataset, order_id: string, steps: Steps<T>): Promise<Outcome<T>> {
    const remembered = this.#remembered;
    // If this command fails, the state in D1 is unknown, so none is remembered until a commit succeeds.
    this.#remembered = undefined;
    if (remembered?.dataset_id === dataset.known.dataset_id) {
      const outcome = await this.#attempt(dataset, remembered.state, steps, false);
      if (outcome) return outcome;
    }
    const state = await findLedgerState(dataset, order_id);
    const outcome = await this.#attempt(dataset, state, steps, true);
    if (outcome) return outcome;
    throw new Overtaken();
  }

  /** Decides on a state and commits the change. Returns undefined if the state is, or may be, outdated. */
  async #attempt<T>(
    dataset: Dataset,
    state: LedgerState | undefined,
    { decide, findEarlier }: Steps<T>,
    isFresh: boolean,
  ): Promise<Outcome<T> | undefined> {
    const decision = await decide(state);
    if (!decision.ok) {
      if (!isFresh) return undefined;
      // A refused command may be a retry of an executed one: then the stored response replaces the refusal.
      return (
        (await findEarlier?.()) ?? refuse(await withEventIds(dataset, state?.id, decision.refusal))
      );
    }
    const { version, next, result } = decision.result;
    const committed = await decision.result.commit();
    if (committed === "taken") return findEarlier?.();
    if (typeof committed === "string") return undefined;
    if ("exceeded" in committed) return refuse(await quotaRefusal(dataset, committed));
    if (next) this.#remembered = { state: next, dataset_id: dataset.known.dataset_id };
    return executed(result, version, committed.warnings);
  }

  /** Runs a command after all earlier ones. It never throws: over RPC, an error would lose its type and its cost. */
  async #run<T>(
    { dataset: known, order_id, request }: LedgerCommand,
    stepsIn: (dataset: Dataset) => Steps<T>,
  ): Promise<Reply<T>> {
    const db = new Database(this.env.DB);
    const dataset = new Dataset(db, known, configOf(this.env).quotas);
    const running = this.#queue.run(() => this.#execute(dataset, order_id, stepsIn(dataset)));
    if (!running) return { outcome: refuse(TOO_MANY), cost: db.cost };
    try {
      return { outcome: await running, cost: db.cost };
    } catch (error) {
      if (error instanceof DatasetSuperseded) {
        return { outcome: "dataset superseded", cost: db.cost };
      }
      if (error instanceof Overtaken) return { outcome: "order changed", cost: db.cost };
      // The batch may have been committed. No state is remembered, so a retry reads it from D1.
      logError("ledger command failed", error, { request_id: request.request_id });
      const refusal =
        isUnavailable(error) || isUnmigrated(error)
          ? unavailable("The database did not confirm the change.")
          : INTERNAL_ERROR;
      return { outcome: refuse(refusal), cost: db.cost };
    }
  }
}

async function commitChange(
  dataset: Dataset,
  statements: BoundDatasetStatement[],
  found: Warning[],
): Promise<{ warnings: Warning[] } | CommitFailure> {
  const committed = await commit(dataset, statements);
  return committed === "committed" ? { warnings: found } : committed;
}

/** Commits an event. Returns warnings if it disagrees with its order or its card transaction. */
async function commitEvent(dataset: Dataset, appended: AppendedEvent, request: RequestMetadata) {
  const { event, next } = appended;
  const committed = await insertOrderEvent(dataset, appended, request);
  if (typeof committed === "string" || "exceeded" in committed) return committed;
  const { reported } = committed;
  const ofCard = reported.is_compared
    ? warningsOfReport(reported, event, next.payment_method_id)
    : [];
  return { warnings: [...warnings.warningsOfEvent(event, next), ...ofCard] };
}

/** The outcome of an earlier request with this one's Idempotency-Key or event IDs. */
async function findEarlierEvent(
  dataset: Dataset,
  { input, request }: AppendOrderEvent,
): Promise<Outcome<OrderEvent> | undefined> {
  const response = await findStoredResponse(dataset, request);
  if (response) {
    return response.ok
      ? replayed(JSON.parse(response.result.body), [warnings.REPEATED_BY_KEY])
      : response;
  }
  const stored = await findOrderEvent(dataset, input);
  if (!stored) return undefined;
  const repeated = events.repeatOrderEvent(input, stored, dataset.known.assume);
  if (!repeated.ok) return repeated;
  const isStored = await storeRepeatedResponse(dataset, request, { event: stored });
  return isStored ? replayed(stored) : undefined;
}

/** Adds the IDs of the order's events to a refusal that depends on them, in one round trip. */
async function withEventIds(
  dataset: Dataset,
  order_id: string | undefined,
  refusal: Refusal,
): Promise<Refusal> {
  if (!refusal.dependsOnEvents || order_id === undefined) return refusal;
  const order_event_ids = await findOrderEventIds(dataset, order_id, MAX_NAMED_EVENTS);
  return { ...refusal, details: { ...refusal.details, order_event_ids } };
}

const TOO_MANY = unavailable(
  `More than ${MAX_QUEUED_COMMANDS} requests are waiting for this order.`,
);
