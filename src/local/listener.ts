/** Forwards the deliveries of a webhook without a URL to a server on this machine. */
import type { OfferedDelivery } from "../domain/notifications.ts";
import type { Send } from "./api-client.ts";
import { formatDeliveryLine } from "./delivery-line.ts";
import { openEventStream } from "./event-stream.ts";
import { forward, waitUntilListening, type Outcome } from "./forward.ts";
import { Retries } from "./retries.ts";
import type { SandboxError } from "./sandbox-error.ts";
import { print, printError } from "./terminal.ts";

/** After a slow server has kept deliveries waiting this long, reopens the stream, so that they are signed again. */
const BACKLOG_MILLISECONDS = 60_000;
/** If a delivery arrives this soon after the previous one ended, it was waiting: its signature may be old. */
const BUFFERED_MILLISECONDS = 20;

interface ListenerOptions {
  url: string;
  key: string;
  send: Send;
  webhookId: string;
  /** Where to forward notifications. */
  target: URL;
}

/** Forwards one delivery at a time, in the order of the stream. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #retries: Retries;
  /** The position of the last delivery whose outcome was reported to the sandbox. */
  #lastId: string | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#retries = new Retries(options.url);
  }

  /** Runs until the sandbox refuses the stream or a report. */
  async run(): Promise<never> {
    for (;;) {
      try {
        const end = await this.#forwardAll();
        if (end === "refused") await this.#waitForServer();
        else if (end === "closed") await this.#retries.wait();
      } catch (error) {
        await this.#retries.afterError(error);
      }
    }
  }

  /** Forwards until the stream closes, the server refuses a connection, or signatures become old. */
  async #forwardAll(): Promise<"closed" | "refused" | "old"> {
    const { url, key, webhookId, target } = this.#options;
    const stream = await openEventStream<OfferedDelivery>(
      `${url}/sandbox/notifications/stream?webhook_id=${webhookId}`,
      key,
      this.#lastId,
    );
    this.#retries.reset();
    let caughtUpAt = performance.now();
    let forwardedAt = caughtUpAt;
    for await (const delivery of stream) {
      const now = performance.now();
      if (now - forwardedAt > BUFFERED_MILLISECONDS) caughtUpAt = now;
      else if (now - caughtUpAt > BACKLOG_MILLISECONDS) return "old";
      const outcome = await forward(target, delivery);
      if (outcome === "refused") return "refused";
      await this.#report(delivery, outcome);
      this.#lastId = delivery.id;
      print(formatDeliveryLine(delivery, outcome));
      forwardedAt = performance.now();
    }
    return "closed";
  }

  async #waitForServer(): Promise<void> {
    const { origin } = this.#options.target;
    printError(`${origin} refuses connections. Waiting until it is back …`);
    await waitUntilListening(this.#options.target);
    printError(`${origin} is back.`);
  }

  /** Retries until the sandbox has the outcome, or until the notification is gone. */
  async #report(delivery: OfferedDelivery, outcome: Outcome): Promise<void> {
    const { send, target } = this.#options;
    const { notification_id, delivery_id, attempt, headers } = delivery;
    const path = { notification_id };
    const body = { delivery_id, attempt, url: target.href, headers, ...outcome };
    for (;;) {
      try {
        await send("post", "/sandbox/notifications/{notification_id}/attempts", { path, body });
        return this.#retries.reset();
      } catch (error) {
        if ((error as Partial<SandboxError>).status === 404) return;
        await this.#retries.afterError(error);
      }
    }
  }
}
