import { answered, api, type Problem, type RecordedRequest } from "./api.ts";
import { Store } from "./store.ts";
import { watch, type StreamState } from "./stream.ts";

export interface LogState {
  /** Newest first. */
  requests: readonly RecordedRequest[];
  total: number;
  /** What came while it was paused. */
  waiting: readonly RecordedRequest[];
  isPaused: boolean;
  isLoaded: boolean;
  stream: StreamState;
  problem?: Problem;
}

const EMPTY: LogState = {
  requests: [],
  total: 0,
  waiting: [],
  isPaused: false,
  isLoaded: false,
  stream: "connecting",
};

const PAGE = 100;

/** The requests that match a filter: pages of those that were, and then as they come. None is there twice. */
export class RequestLog {
  readonly state = new Store<LogState>(EMPTY);
  readonly #query: URLSearchParams;
  readonly #ids = new Set<string>();
  /** The newest that is known, shown or waiting. */
  #newest: RecordedRequest | undefined;
  #isLoading = false;
  #arrived: RecordedRequest[] = [];
  #frame = 0;
  #end = (): void => undefined;
  #isOver = false;

  constructor(query: URLSearchParams) {
    this.#query = query;
  }

  start(): void {
    void this.#begin();
  }

  stop(): void {
    this.#isOver = true;
    this.#end();
    cancelAnimationFrame(this.#frame);
  }

  async #begin(): Promise<void> {
    await this.more();
    if (this.#isOver) return;
    const { problem } = this.state.value;
    if (problem && problem.type !== "OFFLINE") return;
    this.#end = watch({
      query: this.#query,
      last: () => this.#newest?.id,
      onRequests: (requests) => this.#arrive(requests),
      onState: (stream) => this.#set({ stream }),
      onResume: () => this.#resume(),
    });
  }

  /** The next page of older ones. */
  async more(): Promise<void> {
    if (this.#isLoading) return;
    this.#isLoading = true;
    const last = this.state.value.requests.at(-1)?.id;
    try {
      const { data, total } = await this.#page(PAGE, last);
      if (this.#isOver) return;
      const older = data.filter(({ id }) => !this.#ids.has(id));
      for (const { id } of older) this.#ids.add(id);
      if (last === undefined) this.#newest = older[0] ?? this.#newest;
      const requests = [...this.state.value.requests, ...older];
      // What the stream brought meanwhile may be counted already.
      this.#set({ requests, total: Math.max(total, requests.length), isLoaded: true });
      if (this.state.value.problem) this.#clearProblem();
    } catch (error) {
      if (!this.#isOver) this.#set({ problem: error as Problem });
    } finally {
      this.#isLoading = false;
    }
  }

  #page(limit: number, starting_after?: string) {
    const filter = Object.fromEntries(this.#query);
    const query = { ...filter, limit, ...(starting_after !== undefined && { starting_after }) };
    return answered(api.GET("/sandbox/requests", { params: { query } }));
  }

  /** After a reset, what is shown is of a dataset that is gone. */
  async #resume(): Promise<void> {
    if (this.#newest === undefined) {
      if (!this.state.value.isLoaded) await this.more();
      return;
    }
    const query = { request_id: this.#newest.request_id, limit: 1 };
    const { data } = await answered(api.GET("/sandbox/requests", { params: { query } }));
    if (this.state.value.problem) this.#clearProblem();
    if (data.length > 0) return;
    this.#ids.clear();
    this.#newest = undefined;
    const { isPaused } = this.state.value;
    this.state.value = { ...EMPTY, isPaused };
    await this.more();
  }

  #clearProblem(): void {
    const { problem: _, ...rest } = this.state.value;
    this.state.value = rest;
  }

  /** What comes in one frame is shown in one. */
  #arrive(requests: RecordedRequest[]): void {
    for (const request of requests) {
      this.#newest = request;
      if (this.#ids.has(request.id)) continue;
      this.#ids.add(request.id);
      this.#arrived.push(request);
    }
    if (this.#arrived.length === 0 || this.#frame) return;
    // A page that nobody sees has no frames.
    if (document.hidden) this.#show();
    else this.#frame = requestAnimationFrame(() => this.#show());
  }

  #show(): void {
    this.#frame = 0;
    const arrived = this.#arrived.toReversed();
    this.#arrived = [];
    const { requests, waiting, total, isPaused } = this.state.value;
    if (isPaused) this.#set({ waiting: [...arrived, ...waiting] });
    else this.#set({ requests: [...arrived, ...requests], total: total + arrived.length });
  }

  pause(): void {
    const { isPaused, waiting, requests, total } = this.state.value;
    if (!isPaused) return this.#set({ isPaused: true });
    this.#set({
      isPaused: false,
      waiting: [],
      requests: [...waiting, ...requests],
      total: total + waiting.length,
    });
  }

  #set(changed: Partial<LogState>): void {
    this.state.value = { ...this.state.value, ...changed };
  }
}
