/** A partner's receiver of notifications, which reports what the card did, or breaks one habit. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

const TOKEN = "token-of-the-receiver";
const MAX_AGE_MILLISECONDS = 300_000;

interface Notification {
  data: { event_id: string; status: string; amount: number; network_transaction_id: string };
}

export interface ReceiverOptions {
  /** Otherwise it verifies the body as it would write it itself. */
  verifiesRawBody: boolean;
  /** Called for each notification with a valid signature, before the response. */
  handle: (data: Notification["data"]) => Promise<void>;
}

export class Receiver implements AsyncDisposable {
  readonly token = TOKEN;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(options: ReceiverOptions): Promise<Receiver> {
    const server = createServer((request, response) => {
      void respond(request, options).then((status) => response.writeHead(status).end());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Receiver(server);
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/imprint`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function respond(
  request: IncomingMessage,
  { verifiesRawBody, handle }: ReceiverOptions,
): Promise<number> {
  const raw = await text(request);
  const notification = JSON.parse(raw) as Notification;
  const body = verifiesRawBody ? raw : JSON.stringify(notification, null, 1);
  const header = String(request.headers["x-imprint-hmac-signature"]);
  if (!isSigned(header, body)) return 401;
  await handle(notification.data);
  return 204;
}

function isSigned(header: string, body: string): boolean {
  const [, time = "", signature = ""] = /^t=(\d+),s=([\da-f]{64})$/.exec(header) ?? [];
  const expected = createHmac("sha256", TOKEN).update(`${time}.${body}`).digest("hex");
  const isRecent = Math.abs(Date.now() - Number(time)) < MAX_AGE_MILLISECONDS;
  const isEqual =
    signature.length === expected.length &&
    timingSafeEqual(Buffer.from(signature), Buffer.from(expected));
  return isEqual && isRecent;
}
