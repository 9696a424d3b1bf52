/** The HTTP server of an inbox: receives notifications and verifies their signatures. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isAcknowledging } from "../domain/deliveries.ts";
import type { SigningToken } from "../domain/notification-candidates.ts";
import { verifyNotification } from "../domain/notification-verification.ts";
import { MAX_NOTIFICATION_BYTES, SIGNATURE_HEADER } from "../domain/notifications.ts";

/** A fault may enlarge the body of a notification. */
const MAX_BODY_BYTES = 2 * MAX_NOTIFICATION_BYTES;

/** A notification that the inbox has acknowledged. */
export interface ReceivedBody {
  /** The value of `X-IMPRINT-HMAC-SIGNATURE`. */
  signature: string;
  /** The raw body. */
  body: string;
}

/** A status for the next notifications, instead of 204. */
export interface InboxResponse {
  status: number;
  /** The number of notifications to respond to with this status. */
  times: number;
}

/** The body; undefined if it is larger than any notification. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Destroying the request would also destroy the response's connection.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Responds to an invalid signature with 401, and to a valid one with the status that `respond` set, or 204. */
export class InboxServer {
  readonly #server: Server;
  readonly #token: SigningToken;
  readonly #onReceived: (received: ReceivedBody) => void;
  #responses: InboxResponse[] = [];

  constructor(token: SigningToken, onReceived: (received: ReceivedBody) => void) {
    this.#token = token;
    this.#onReceived = onReceived;
    this.#server = createServer((request, response) => {
      // A broken connection can't receive a response.
      this.#receive(request, response).catch(() => response.destroy());
    });
  }

  /** Listens on a free port of this machine, and returns it. */
  async listen(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  /** Sets the status of the next notifications. */
  respond(response: InboxResponse): void {
    this.#responses.push(response);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await readBody(request);
    if (!bytes) return void response.writeHead(413, { Connection: "close" }).end();
    const signature = String(request.headers[SIGNATURE_HEADER.toLowerCase()] ?? "");
    const { valid, message } = await verifyNotification({
      header: signature,
      body: bytes,
      tokens: [this.#token],
      now: Date.now(),
    });
    if (!valid) return void response.writeHead(401).end(message);
    const status = this.#nextStatus();
    response.writeHead(status).end();
    if (isAcknowledging(status)) this.#onReceived({ signature, body: bytes.toString() });
  }

  #nextStatus(): number {
    const [next] = this.#responses;
    if (!next) return 204;
    next.times -= 1;
    if (next.times <= 0) this.#responses.shift();
    return next.status;
  }
}
