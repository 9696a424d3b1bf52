import { batch, signal } from "@preact/signals";
import { api, OFFLINE, unwrap, type Problem, type RecordedRequest } from "../api.ts";
import { FIRST_ID, followStream, type StreamState } from "../stream.ts";

const PAGE = 100;

/** The requests that match a filter: loaded page by page, then followed live. None is listed twice. */
export class RequestFeed {
  /** Newest first. */
  readonly requests = signal<readonly RecordedRequest[]>([]);
  readonly total = signal(0);
  /** Requests that arrived while the feed is paused. */
  readonly waiting = signal<readonly RecordedRequest[]>([]);
  readonly isPaused = signal(false);
  readonly isLoaded = signal(false);
  readonly stream = signal<StreamState>("connecting");
  readonly problem = signal<Problem | undefined>(undefined);

  readonly #query: URLSearchParams;
  readonly #ids = new Set<string>();
  #newest: RecordedRequest | undefined;
  #isLoading = false;
  #arrived: RecordedRequest[] = [];
  #frame = 0;
  #stopStream = (): void => undefined;
  #isStopped = false;

  constructor(query: URLSearchParams) {
    this.#query = query;
  }

  start(): () => void {
    void this.#start();
    return () => {
      this.#isStopped = true;
      this.#stopStream();
      cancelAnimationFrame(this.#frame);
    };
  }

  async #start(): Promise<void> {
    await this.loadMore();
    const problem = this.problem.peek();
    if (this.#isStopped || (problem && problem.type !== OFFLINE)) return;
    this.#stopStream = followStream<RecordedRequest>({
      path: "/sandbox/requests/stream",
      query: this.#query,
      lastId: () => this.#newest?.id ?? FIRST_ID,
      onItem: (request) => this.#add(request),
      onState: (state) => (this.stream.value = state),
      onReconnect: () => this.#checkDataset(),
    });
  }

  /** Loads the next page of older requests. */
  async loadMore(): Promise<void> {
    if (this.#isLoading) return;
    this.#isLoading = true;
    const last = this.requests.peek().at(-1)?.id;
    try {
      const { data, total } = await this.#list({
        ...Object.fromEntries(this.#query),
        limit: PAGE,
        ...(last !== undefined && { starting_after: last }),
      });
      if (this.#isStopped) return;
      const older = data.filter(({ id }) => !this.#ids.has(id));
      for (const { id } of older) this.#ids.add(id);
      if (last === undefined) this.#newest = older[0] ?? this.#newest;
      batch(() => {
        this.requests.value = [...this.requests.value, ...older];
        // The stream may have delivered newer requests that this total lacks.
        this.total.value = Math.max(total, this.requests.value.length);
        this.isLoaded.value = true;
        this.problem.value = undefined;
      });
    } catch (error) {
      if (!this.#isStopped) this.problem.value = error as Problem;
    } finally {
      this.#isLoading = false;
    }
  }

  #list(query: Record<string, string | number>) {
    return unwrap(api.GET("/sandbox/requests", { params: { query } }));
  }

  /** Reloads the list if its newest request is gone, because the environment was reset. */
  async #checkDataset(): Promise<void> {
    if (this.#newest) {
      const { data } = await this.#list({ request_id: this.#newest.request_id, limit: 1 });
      this.problem.value = undefined;
      if (data.length > 0) return;
    } else if (this.isLoaded.peek()) return;
    this.#ids.clear();
    this.#newest = undefined;
    batch(() => {
      this.requests.value = [];
      this.waiting.value = [];
      this.total.value = 0;
      this.isLoaded.value = false;
    });
    await this.loadMore();
  }

  /** Collects the requests of one animation frame, so that a burst renders once. */
  #add(request: RecordedRequest): void {
    this.#newest = request;
    if (this.#ids.has(request.id)) return;
    this.#ids.add(request.id);
    this.#arrived.push(request);
    // A hidden tab has no animation frames.
    if (document.hidden) this.#flush();
    else this.#frame ||= requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    this.#frame = 0;
    const arrived = this.#arrived.toReversed();
    this.#arrived = [];
    if (this.isPaused.value) this.waiting.value = [...arrived, ...this.waiting.value];
    else this.#prepend(arrived);
  }

  #prepend(arrived: readonly RecordedRequest[]): void {
    batch(() => {
      this.requests.value = [...arrived, ...this.requests.value];
      this.total.value += arrived.length;
    });
  }

  togglePause(): void {
    batch(() => {
      this.isPaused.value = !this.isPaused.value;
      if (this.isPaused.value) return;
      this.#prepend(this.waiting.value);
      this.waiting.value = [];
    });
  }
}
