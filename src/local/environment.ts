/** The types of an environment: the operations that a test can call, and their results. */
import type { components, operations } from "../generated/openapi.d.ts";

type Schemas = components["schemas"];

/** The options of a new environment: name, lifetime in seconds, strictness, fixture. */
export type EnvironmentOptions = Schemas["EnvironmentInput"];
/** A fault to inject: what it matches, and how often it acts. */
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
/** The transactions that an order's events name, and whether the card and the events agree. */
export type OrderReconciliation = Schemas["OrderReconciliation"];
/** The sums of a transaction on the card and in order events, and the findings of their comparison. */
export type ReconciledTransaction = Schemas["ReconciledTransaction"];

/** The verdict of each readiness check, with its reason and evidence. */
export type Readiness = Schemas["Readiness"];
/** Limits the checks to requests `since` a time (RFC 3339), or extends them to `all` environments of the partner. */
export type ReadinessOptions = NonNullable<operations["getReadiness"]["parameters"]["query"]>;
/** The options of a webhook: URL, kinds, signing token, form of the signature, seconds before each retry. */
export type WebhookOptions = Schemas["WebhookInput"];
/** Changes of a webhook. `status` pauses and resumes it. */
export type WebhookChange = Schemas["WebhookChange"];
/** A webhook, with its signing token. */
export type Webhook = Schemas["Webhook"];
/** A notification. `status` is the `data.status` of its payload; `delivery_status` is the progress of its delivery. */
export type Notification = Schemas["Notification"];
/** A notification with its payload and all attempts to deliver it. */
export type NotificationDetails = Schemas["NotificationDetails"];
/** A notification to send: its kind, and fields that replace those of the published example. */
export type NotificationOptions = Schemas["NotificationInput"];

/** The result of verifying a signature, with the reason if it is invalid. `expected` is the valid header. */
export type Verification = Schemas["Verification"];

type NotificationQuery = NonNullable<operations["listNotifications"]["parameters"]["query"]>;
/** Selects the notifications that match all given properties. */
export type NotificationFilter = Omit<NotificationQuery, "limit" | "starting_after">;

type RequestQuery = NonNullable<operations["listRequests"]["parameters"]["query"]>;
/** Selects the requests that match all given properties. */
export type RequestFilter = Omit<RequestQuery, "limit" | "starting_after">;

/** An isolated dataset of orders, events, requests and faults. All methods reject with a `SandboxError`. */
export interface Environment {
  /** The sandbox's URL, without a trailing slash. */
  readonly url: string;
  /** The API key of this environment. */
  readonly key: string;
  /** Faults that act on this environment's requests under `/v2`, or on its notifications. */
  readonly faults: Faults;
  /** Simulated card transactions. */
  readonly transactions: Transactions;
  /** Endpoints that receive the notifications of this environment. */
  readonly webhooks: Webhooks;

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

  /** Returns the notifications, newest first. Returns all stored notifications unless `limit` is set. */
  notifications(filter?: NotificationFilter & { limit?: number }): Promise<Notification[]>;

  /** Returns a notification with its payload and the attempts to deliver it. */
  notification(id: string): Promise<NotificationDetails>;

  /** Sends a notification of any kind to the webhooks for that kind. */
  sendNotification(notification: NotificationOptions): Promise<Notification>;

  /**
   * Resolves with the newest notification that matches, including earlier ones; set `since` to exclude those.
   *
   * ```ts
   * await env.waitForNotification({ status: "CAPTURED", delivery_status: "acknowledged" });
   * ```
   *
   * @throws {SandboxError} If none matches within `timeout` milliseconds (default: 5,000).
   */
  waitForNotification(
    filter?: NotificationFilter,
    options?: { timeout?: number },
  ): Promise<Notification>;

  /**
   * Starts a receiver on a free port of this machine, registers it as a webhook, and verifies each signature.
   *
   * ```ts
   * await using inbox = await env.inbox();
   * await env.transactions.story({ story: "captured", amount: 5000 });
   * const { data } = await inbox.next({ object: "TRANSACTION", status: "CAPTURED" });
   * ```
   */
  inbox(options?: InboxOptions): Promise<Inbox>;

  /** Returns the history of an order, even of a deleted one. */
  timeline(orderId: string): Promise<Timeline>;

  /** Compares an order with the card transactions that its events name. */
  reconciliation(orderId: string): Promise<OrderReconciliation>;

  /** Returns the transactions on which order events and the card disagree, newest first. */
  disagreements(): Promise<ReconciledTransaction[]>;

  /**
   * Reports which checks the integration has passed in this environment. `environments: "all"` includes all
   * environments of the partner, even deleted ones. Only `Sandbox.readiness` accepts it.
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

/** The webhooks of an environment, at most ten. */
export interface Webhooks {
  /**
   * Adds a webhook. It receives the notifications of events that are simulated after this resolves.
   *
   * ```ts
   * const webhook = await env.webhooks.add({ url: "http://localhost:3000/imprint" });
   * process.env.IMPRINT_SIGNING_TOKEN = webhook.signing_token;
   * ```
   */
  add(webhook: WebhookOptions): Promise<Webhook>;
  /** Returns the webhooks, newest first. */
  list(): Promise<Webhook[]>;
  /** Changes a webhook. `{ status: "paused" }` holds its deliveries back. */
  change(id: string, change: WebhookChange): Promise<Webhook>;
  /** Removes a webhook by its `id`, and cancels its pending deliveries. */
  remove(id: string): Promise<void>;
}

/** The options of an inbox. `retry_after_seconds` defaults to `[0, 1, 1, 1, 1, 1]`. */
export type InboxOptions = Omit<WebhookOptions, "url">;

/** A receiver of notifications. In TypeScript, `await using` closes it at the end of the scope. */
export interface Inbox extends AsyncDisposable {
  /** The URL of the receiver. */
  readonly url: string;
  /** The webhook that it is registered as. */
  readonly webhook: Webhook;

  /**
   * Resolves with the oldest notification that matches and that no earlier call returned. A duplicate is returned
   * too. Notifications without a valid signature get a 401, and are never returned.
   *
   * @throws {SandboxError} If none matches within `timeout` milliseconds (default: 5,000).
   */
  next(filter?: InboxFilter, options?: { timeout?: number }): Promise<ReceivedNotification>;

  /**
   * Responds to the next `times` notifications (default: 1) with this status. Unless it is 2xx, `next` doesn't
   * return them, and the sandbox sends them again.
   *
   * ```ts
   * await inbox.respond(500, { times: 2 });
   * ```
   */
  respond(status: number, options?: { times?: number }): Promise<void>;

  /** Stops receiving, and removes the webhook. */
  close(): Promise<void>;
}

/** Selects received notifications by their kind and by fields of their `data`. */
export type InboxFilter = { object?: Notification["object"] } & Pick<
  NotificationFilter,
  "event_id" | "network_transaction_id" | "status" | "transaction_id"
>;

/** A notification that an inbox has acknowledged. */
export interface ReceivedNotification {
  object: Notification["object"];
  data: NotificationData;
  /** The raw body. */
  body: string;
  /** The header `X-IMPRINT-HMAC-SIGNATURE`. */
  signature: string;
}

/** The `data` of a notification. The declared fields are those of TRANSACTION; the reference lists the others. */
export interface NotificationData {
  event_id?: string;
  transaction_id?: string;
  network_transaction_id?: string | null;
  payment_method_id?: string;
  customer_id?: string;
  status?: string;
  /** In the minor unit. */
  amount?: number;
  currency?: string;
  [field: string]: unknown;
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
   * Rejects if a fault has uses left, so that a test can't pass because a fault matched nothing.
   *
   * @throws {SandboxError} It names the remaining uses of each fault, and the requests that nearly matched.
   */
  assertUsed(): Promise<void>;
}

/** An environment that a test has created. In TypeScript, `await using` deletes it at the end of the scope. */
export interface OwnEnvironment
  extends Environment, Readonly<Omit<Schemas["NewEnvironment"], "key">>, AsyncDisposable {
  /** Deletes the environment and everything in it. Its keys stop working. */
  delete(): Promise<void>;
}
