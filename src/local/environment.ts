/** An environment of a running sandbox: what a test can cause in it, and observe of it. */
import type { components, operations } from "../generated/openapi.d.ts";

type Schemas = components["schemas"];

/** The options of a new environment: name, lifetime in seconds, strictness, fixture. */
export type EnvironmentOptions = Schemas["EnvironmentInput"];
/** A fault to inject, the requests that it matches, and how often. `delay_ms` is in milliseconds. */
export type FaultOptions = Schemas["FaultInput"];
/** A fault that will act `remaining` more times. */
export type Fault = Schemas["Fault"];
/** A recorded request. `ms` is its duration in milliseconds; `status` is null if no response was sent. */
export type RecordedRequest = Schemas["RecordedRequest"];
/** A recorded request with the headers and bodies of request and response, and a `curl` command to repeat it. */
export type RequestDetails = Schemas["RequestDetails"];
/** The history of an order, oldest entry first, and its sums in the minor unit. */
export type Timeline = Schemas["Timeline"];
/** An event on a simulated card, as `POST /v2/simulate_transaction_event` takes it. Amounts in the minor unit. */
export type TransactionEventOptions = Schemas["TransactionEventInput"];
/** The IDs and the status of a simulated event. */
export type TransactionEvent = Schemas["TransactionEvent"];
/** A simulated card transaction. `amount` is in the minor unit. */
export type Transaction = Schemas["Transaction"];
/** A story to simulate: its name, its amount in the minor unit, and optionally the card. */
export type StoryOptions = Schemas["StoryInput"];
/** A simulated transaction with its events, oldest first. */
export type TransactionWithEvents = Schemas["TransactionWithEvents"];
/** The card transactions that an order's events name, and whether both sides agree. */
export type OrderReconciliation = Schemas["OrderReconciliation"];
/** Both sides of one `network_transaction_id`, with the findings. */
export type ReconciledTransaction = Schemas["ReconciledTransaction"];

/** What an integration has proven: the verdict of each check, with its reason and evidence. */
export type Readiness = Schemas["Readiness"];
/** Which requests the checks look at: since a time (RFC 3339), and in `all` environments of the partner. */
export type ReadinessOptions = NonNullable<operations["getReadiness"]["parameters"]["query"]>;

type RequestQuery = NonNullable<operations["listRequests"]["parameters"]["query"]>;
/** Selects the requests that match all given properties. */
export type RequestFilter = Omit<RequestQuery, "limit" | "starting_after">;

/** An isolated dataset of orders, events, requests and faults. All methods reject with a `SandboxError`. */
export interface Environment {
  /** The sandbox's URL, without a trailing slash. */
  readonly url: string;
  /** The API key of this environment. */
  readonly key: string;
  /** Faults that act on requests under `/v2` with this environment's keys. */
  readonly faults: Faults;
  /** Simulated card transactions. */
  readonly transactions: Transactions;

  /**
   * Returns recorded requests under `/v2`, newest first, including rejected ones and those that a fault acted
   * on. Returns all stored requests unless `limit` is set.
   */
  requests(filter?: RequestFilter & { limit?: number }): Promise<RecordedRequest[]>;

  /** Returns a recorded request in full. `id` is its `id`, not its `request_id`. */
  request(id: string): Promise<RequestDetails>;

  /**
   * Resolves with the newest request that matches, including earlier ones; set `since` to exclude those.
   *
   * @throws {SandboxError} If none matches within `timeout` milliseconds (default: 5,000).
   */
  waitForRequest(filter?: RequestFilter, options?: { timeout?: number }): Promise<RecordedRequest>;

  /** Returns the history of an order, even of a deleted one. */
  timeline(orderId: string): Promise<Timeline>;

  /** Compares an order with the card transactions that its events name. */
  reconciliation(orderId: string): Promise<OrderReconciliation>;

  /** Returns everything that disagrees between order events and card transactions, newest first. */
  disagreements(): Promise<ReconciledTransaction[]>;

  /**
   * Reports what the integration has proven in this environment. With `environments: "all"`, it sums up all
   * environments of the partner, also deleted ones; only the sandbox's own method can.
   */
  readiness(options?: ReadinessOptions): Promise<Readiness>;

  /** Deletes everything in the environment except its keys, and recreates its fixture. */
  reset(): Promise<void>;
}

/** The simulated card transactions of an environment. */
export interface Transactions {
  /** Simulates one event. An `APPROVED` event creates a transaction. */
  simulate(event: TransactionEventOptions): Promise<TransactionEvent>;
  /** Simulates a transaction with all of its events. */
  story(story: StoryOptions): Promise<TransactionWithEvents>;
  /** Returns a transaction with its events. */
  get(transactionId: string): Promise<TransactionWithEvents>;
  /** Returns all transactions, newest first. */
  list(): Promise<Transaction[]>;
}

/** The faults of an environment. */
export interface Faults {
  /** Adds a fault. It acts on the next matching request after this resolves. */
  add(fault: FaultOptions): Promise<Fault>;
  /** Returns the faults that will still act, newest first. */
  list(): Promise<Fault[]>;
  /** Removes a fault by its `id`. */
  remove(id: string): Promise<void>;
  /** Removes all faults. */
  clear(): Promise<void>;
  /**
   * Rejects if faults are left that will still act, so that a test can't pass because a fault matched nothing.
   *
   * @throws {SandboxError} It names what is left of each fault, and the requests that nearly matched.
   */
  assertUsed(): Promise<void>;
}

/** An environment that a test has created. In TypeScript, `await using` deletes it at the end of the scope. */
export interface OwnEnvironment
  extends Environment, Readonly<Omit<Schemas["NewEnvironment"], "key">>, AsyncDisposable {
  /** Deletes the environment and everything in it. Its keys stop working. */
  delete(): Promise<void>;
}
