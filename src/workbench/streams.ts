import type { PartnerStreams } from "./partner-streams.ts";
import { StreamLeases } from "./stream-leases.ts";

/** The maximum number of open streams of an environment. */
export const MAX_STREAMS = 10;

/** How long a stream is silent before it sends a comment. */
const HEARTBEAT_MILLISECONDS = 15_000;
/** How long a client may take to read a comment before it counts as disconnected. */
const PROBE_MILLISECONDS = 100;
/** How long a client should wait before it reconnects. */
const RETRY_MILLISECONDS = 1_000;

/** The key that opens a stream, and the item after which the stream starts. */
export interface Watcher {
  key_id: number;
  partner_id: number;
  expires_at: string | null;
  after?: string | undefined;
}

/** An item, and the ID by which a client resumes the stream after it. */
export interface StreamItem {
  id: string;
  data: unknown;
}

interface StreamSource {
  dataset_id: number;
  partner_id: number;
  key_id: number;
  /** RFC 3339; null if the environment never expires. */
  expires_at: string | null;
  /** Returns the items that follow the last returned ones. */
  next(): Promise<StreamItem[]>;
  /** Whether no item will follow. */
  isSuperseded(): boolean;
}

const encoder = new TextEncoder();

/**
 * Server-sent events for one client. It holds no events: it reads them when the client can take them, so a
 * slow client costs no memory.
 */
class Stream {
  readonly source: StreamSource;
  readonly body: ReadableStream<Uint8Array>;
  #isClosed = false;
  /** Ends the wait for items; undefined while the stream isn't waiting. */
  #wake: (() => void) | undefined;
  /** Whether it was woken while it read. */
  #isWoken = false;
  /** A comment to send with the next items, or without any. */
  #comment: string | undefined = `retry: ${RETRY_MILLISECONDS}\n: events follow as they happen\n\n`;

  readonly #onEnd: (stream: Stream) => void;

  constructor(source: StreamSource, onEnd: (stream: Stream) => void) {
    this.source = source;
    this.#onEnd = onEnd;
    this.body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const text = await this.#next();
        if (text !== undefined) return controller.enqueue(encoder.encode(text));
        onEnd(this);
        controller.close();
      },
      cancel: () => onEnd(this),
    });
  }

  /** Whether the client has taken everything that was sent. */
  get isWaiting(): boolean {
    return this.#wake !== undefined;
  }

  wake(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  close(): void {
    this.#isClosed = true;
    this.wake();
  }

  /** Closes the stream and frees its place immediately, even if the client does not read. */
  end(): void {
    this.close();
    this.#onEnd(this);
  }

  /** Sends a comment. The runtime notices a disconnected client only when it sends. */
  probe(): void {
    this.#comment ??= ":\n\n";
    this.wake();
  }

  async #next(): Promise<string | undefined> {
    for (;;) {
      const { source } = this;
      const left =
        source.expires_at === null ? Infinity : Date.parse(source.expires_at) - Date.now();
      if (this.#isClosed || left <= 0 || source.isSuperseded()) return undefined;
      const comment = this.#comment;
      this.#comment = undefined;
      this.#isWoken = false;
      const items = await source.next();
      const text = (comment ?? "") + items.map(toEvent).join("");
      if (text) return text;
      if (this.#isWoken) continue;
      if (!(await this.#sleep(Math.min(left, HEARTBEAT_MILLISECONDS)))) this.#comment = ":\n\n";
    }
  }

  /** Resolves to whether it was woken before the time was up. */
  #sleep(milliseconds: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), milliseconds);
    this.#wake = () => resolve(true);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#wake = undefined;
    });
  }
}

const toEvent = ({ id, data }: StreamItem): string =>
  `id: ${id}\ndata: ${JSON.stringify(data)}\n\n`;

/** The open streams of an environment. */
export class StreamSet {
  readonly #open = new Set<Stream>();
  readonly #leases: StreamLeases;

  constructor(namespace: DurableObjectNamespace<PartnerStreams>) {
    this.#leases = new StreamLeases(namespace);
  }

  /** The body of a new stream, unless the environment or the partner has too many. */
  async open(
    source: StreamSource,
  ): Promise<ReadableStream<Uint8Array> | "too many" | "too many for the partner"> {
    if (this.#open.size >= MAX_STREAMS) await this.#closeDisconnected();
    if (this.#open.size >= MAX_STREAMS) return "too many";
    const { partner_id } = source;
    const lease = await this.#leases.acquire(partner_id);
    if (lease === undefined) return "too many for the partner";
    if (this.#open.size >= MAX_STREAMS) {
      await this.#leases.release(partner_id, lease);
      return "too many";
    }
    const stream = new Stream(source, (ended) => {
      if (this.#open.delete(ended)) void this.#leases.release(partner_id, lease);
    });
    this.#open.add(stream);
    return stream.body;
  }

  /** Makes the streams read again. */
  wake(): void {
    for (const stream of this.#open) stream.wake();
  }

  closeWhere(condition: (source: StreamSource) => boolean): void {
    for (const stream of this.#open) if (condition(stream.source)) stream.close();
  }

  /** Ends the streams of disconnected clients: those that don't read a second comment. */
  async #closeDisconnected(): Promise<void> {
    for (let times = 0; times < 2; times += 1) {
      for (const stream of this.#open) stream.probe();
      await scheduler.wait(PROBE_MILLISECONDS);
    }
    for (const stream of this.#open) {
      if (stream.isWaiting) continue;
      stream.end();
    }
  }
}
