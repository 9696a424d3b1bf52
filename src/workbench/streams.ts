/** How many may watch an environment's requests at a time. */
export const MAX_STREAMS = 10;

/** How long a stream is silent before it says that it is still there. */
const HEARTBEAT_MILLISECONDS = 15_000;
/** How long those who may have gone have to show that they haven't. */
const PROBE_MILLISECONDS = 100;
/** How long a client should wait before it comes again. */
const RETRY_MILLISECONDS = 1_000;

/** Something that can be sent, with what the stream can be resumed by. */
export interface StreamedItem {
  id: string;
}

/** What a stream is of. */
export interface StreamSource {
  dataset_id: number;
  /** The key that watches. */
  key_id: number;
  /** RFC 3339; null: never. */
  expires_at: string | null;
  /** What there is to be sent, after what was sent last. */
  next(): StreamedItem[];
  /** Whether nothing will come any more. */
  isOver(): boolean;
}

const encoder = new TextEncoder();

/**
 * Server-sent events of one watcher. It holds no events: it reads them when the client can take them, so a
 * client that is slow costs nothing, and one that comes back reads on from where it was.
 */
class Stream {
  readonly source: StreamSource;
  readonly body: ReadableStream<Uint8Array>;
  #isClosed = false;
  /** Ends the wait for something to send; undefined where nobody waits. */
  #wake: (() => void) | undefined;
  /** What is to be sent though nothing has happened. */
  #comment: string | undefined = `retry: ${RETRY_MILLISECONDS}\n: the requests as they happen\n\n`;

  constructor(source: StreamSource, onGone: (stream: Stream) => void) {
    this.source = source;
    this.body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const text = await this.#next();
        if (text !== undefined) return controller.enqueue(encoder.encode(text));
        onGone(this);
        controller.close();
      },
      cancel: () => onGone(this),
    });
  }

  /** Whether the client has taken all that it was sent. */
  get isWaiting(): boolean {
    return this.#wake !== undefined;
  }

  wake(): void {
    this.#wake?.();
  }

  close(): void {
    this.#isClosed = true;
    this.wake();
  }

  /** Sends something, so that the runtime notices where the client has gone. It tells in no other way. */
  probe(): void {
    this.#comment ??= ":\n\n";
    this.wake();
  }

  async #next(): Promise<string | undefined> {
    for (;;) {
      const { source } = this;
      const left =
        source.expires_at === null ? Infinity : Date.parse(source.expires_at) - Date.now();
      if (this.#isClosed || left <= 0 || source.isOver()) return undefined;
      const comment = this.#comment;
      this.#comment = undefined;
      const text = (comment ?? "") + source.next().map(eventOf).join("");
      if (text) return text;
      if (!(await this.#sleep(Math.min(left, HEARTBEAT_MILLISECONDS)))) this.#comment = ":\n\n";
    }
  }

  /** Waits; whether it was woken before the time. */
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

const eventOf = (item: StreamedItem): string => `id: ${item.id}\ndata: ${JSON.stringify(item)}\n\n`;

/** Who is watching. */
export class Streams {
  readonly #open = new Set<Stream>();

  /** The body of a new stream; undefined where there are MAX_STREAMS already. */
  async open(source: StreamSource): Promise<ReadableStream<Uint8Array> | undefined> {
    if (this.#open.size >= MAX_STREAMS) await this.#dropGone();
    if (this.#open.size >= MAX_STREAMS) return undefined;
    const stream = new Stream(source, (gone) => this.#open.delete(gone));
    this.#open.add(stream);
    return stream.body;
  }

  /** There may be something to send. */
  wake(): void {
    for (const stream of this.#open) stream.wake();
  }

  closeWhere(condition: (source: StreamSource) => boolean): void {
    for (const stream of this.#open) if (condition(stream.source)) stream.close();
  }

  /** A client that has gone is noticed by the second thing that it is sent; who takes nothing is given up. */
  async #dropGone(): Promise<void> {
    for (let times = 0; times < 2; times += 1) {
      for (const stream of this.#open) stream.probe();
      await scheduler.wait(PROBE_MILLISECONDS);
    }
    for (const stream of this.#open) {
      if (stream.isWaiting) continue;
      stream.close();
      this.#open.delete(stream);
    }
  }
}
