/** An inbox: receives an environment's notifications in a test. The server runs in the sandbox's thread. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type {
  Inbox,
  InboxFilter,
  InboxOptions,
  ReceivedNotification,
  Webhooks,
} from "./environment.ts";
import type { ReceivedBody } from "./inbox-server.ts";
import { jsonLine } from "./printable.ts";
import { SandboxError } from "./sandbox-error.ts";
import type { OpenInbox } from "./thread-client.ts";

const DEFAULT_TIMEOUT_MILLISECONDS = 5_000;
/** Shorter than the default of a webhook, whose first retry comes after 5 seconds. */
const RETRY_AFTER_SECONDS = [0, 1, 1, 1, 1, 1];
const TOKEN_BYTES = 24;

export async function openInbox(
  open: OpenInbox,
  webhooks: Webhooks,
  options: InboxOptions,
): Promise<Inbox> {
  const signing_token = options.signing_token ?? randomBytes(TOKEN_BYTES).toString("base64url");
  const received = new ReceivedNotifications();
  const server = await open(
    { token: signing_token, ...options.signature },
    (body) => received.add(body),
    (error) => received.end(error),
  );
  const url = `http://127.0.0.1:${server.port}/`;
  const settings = { retry_after_seconds: RETRY_AFTER_SECONDS, ...options, signing_token };
  const webhook = await webhooks.add({ ...settings, url }).catch(async (error: unknown) => {
    await server.close();
    throw error;
  });
  let closed: Promise<void> | undefined;
  const close = async () => {
    received.end(new SandboxError("The inbox is closed."));
    // Fails if the environment is deleted or the sandbox is closed. The webhook is then already gone.
    await webhooks.remove(webhook.id).catch(() => undefined);
    await server.close();
  };
  const closeOnce = () => (closed ??= close());
  return {
    url,
    webhook,
    next: (filter = {}, { timeout = DEFAULT_TIMEOUT_MILLISECONDS } = {}) =>
      received.next(filter, timeout),
    respond: (status, { times = 1 } = {}) => server.respond({ status, times }),
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  };
}

interface Taker {
  filter: InboxFilter;
  result: PromiseWithResolvers<ReceivedNotification>;
}

/** The notifications that no test has taken yet, and the tests that wait for one. */
class ReceivedNotifications {
  #untaken: ReceivedNotification[] = [];
  #takers: Taker[] = [];
  #last: ReceivedNotification | undefined;
  #error: SandboxError | undefined;

  add({ signature, body }: ReceivedBody): void {
    const received = { ...(JSON.parse(body) as Payload), body, signature };
    this.#last = received;
    const taker = this.#takers.find(({ filter }) => matches(filter, received));
    if (!taker) return void this.#untaken.push(received);
    this.#takers = this.#takers.filter((each) => each !== taker);
    taker.result.resolve(received);
  }

  /** Rejects all current and later calls of `next`. */
  end(error: SandboxError): void {
    this.#error ??= error;
    for (const { result } of this.#takers.splice(0)) result.reject(this.#error);
  }

  async next(filter: InboxFilter, timeout: number): Promise<ReceivedNotification> {
    const found = this.#untaken.find((each) => matches(filter, each));
    if (found) {
      this.#untaken = this.#untaken.filter((each) => each !== found);
      return found;
    }
    if (this.#error) throw this.#error;
    const taker: Taker = { filter, result: Promise.withResolvers() };
    this.#takers.push(taker);
    // A timer, because a test may have faked `Date`.
    void sleep(timeout, undefined, { ref: false }).then(() => this.#giveUp(taker, timeout));
    return taker.result.promise;
  }

  #giveUp(taker: Taker, timeout: number): void {
    if (!this.#takers.includes(taker)) return;
    this.#takers = this.#takers.filter((each) => each !== taker);
    const found = this.#last
      ? `The last one was ${this.#last.object} ${jsonLine(this.#last.data)}.`
      : "None was received.";
    taker.result.reject(
      new SandboxError(
        `No notification matched ${JSON.stringify(taker.filter)} within ${timeout} ms. ${found}`,
        { cause: this.#last },
      ),
    );
  }
}

type Payload = Pick<ReceivedNotification, "object" | "data">;

function matches({ object, ...fields }: InboxFilter, received: Payload): boolean {
  if (object !== undefined && object !== received.object) return false;
  return Object.entries(fields).every(
    ([name, wanted]) => wanted === undefined || received.data[name] === wanted,
  );
}
