/** An environment of a running sandbox: what a test can make happen in it, and see of it. */
import type { components, operations } from "../generated/openapi.d.ts";

type Schemas = components["schemas"];

/** What an environment is made with: a name, how long it lives in seconds, whether it is strict, a fixture. */
export type EnvironmentOptions = Schemas["EnvironmentInput"];
/** What is to happen, to which requests, and how often. `delay_ms` is in milliseconds. */
export type FaultOptions = Schemas["FaultInput"];
/** A fault that will still act, `remaining` times. */
export type Fault = Schemas["Fault"];
/** A request that came; `ms` is how many milliseconds it took. `status` is null where no answer went out. */
export type RecordedRequest = Schemas["RecordedRequest"];
/** A request with its headers and body, those of its answer, and a `curl` command that sends it again. */
export type RequestDetails = Schemas["RequestDetails"];
/** What happened to an order, oldest first, and its sums in the minor unit. */
export type Timeline = Schemas["Timeline"];

type RequestQuery = NonNullable<operations["listRequests"]["parameters"]["query"]>;
/** Which requests are meant: those that are all of this. */
export type RequestFilter = Omit<RequestQuery, "limit" | "starting_after">;

/** A dataset of orders, events, requests and faults that no other environment sees. */
export interface Environment {
  /** Where the sandbox listens, without a slash at the end. */
  readonly url: string;
  /** The API key of this environment. */
  readonly key: string;
  /** What is to happen to the requests under `/v2` that come with its key. */
  readonly faults: Faults;

  /**
   * The requests under `/v2` that came with its key, newest first: refused ones and those that a fault acted
   * on, too. All that are kept, or as many as `limit` says.
   */
  requests(filter?: RequestFilter & { limit?: number }): Promise<RecordedRequest[]>;

  /** One of them in full. `id` is the recorded request's, not its `request_id`. */
  request(id: string): Promise<RequestDetails>;

  /**
   * Waits for a request, and answers it. One that has come already does as well, the newest that matches:
   * `since` excludes those of before.
   *
   * @throws {SandboxError} When none has come within `timeout` milliseconds, or 5,000 if it is left out.
   */
  waitForRequest(filter?: RequestFilter, options?: { timeout?: number }): Promise<RecordedRequest>;

  /** What happened to an order, also to one that is deleted. */
  timeline(orderId: string): Promise<Timeline>;

  /** Makes it as new: all that it has goes, except its keys; its fixture is there again. */
  reset(): Promise<void>;
}

/** The faults of an environment. */
export interface Faults {
  /** Adds one: when this resolves, it acts on the next request that matches. */
  add(fault: FaultOptions): Promise<Fault>;
  /** Those that will still act, newest first. */
  list(): Promise<Fault[]>;
  /** Removes one, by its `id`. */
  remove(id: string): Promise<void>;
  /** Removes all. */
  clear(): Promise<void>;
}

/** An environment that a test has made, and can delete again: `await using` does. */
export interface OwnEnvironment
  extends Environment, Readonly<Omit<Schemas["NewEnvironment"], "key">>, AsyncDisposable {
  /** Deletes it, with all that it has. Its key stops working at once. */
  delete(): Promise<void>;
}
