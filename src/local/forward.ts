/** Forwards a notification to a server on this machine. */
import * as http from "node:http";
import * as https from "node:https";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { DELIVERY_TIMEOUT_MILLISECONDS, MAX_RESPONSE_BYTES } from "../domain/notifications.ts";

const POLL_MILLISECONDS = 250;

/** The headers and the body to forward, byte for byte. */
export interface Forwarded {
  headers: Record<string, string>;
  body: string;
}

/** The outcome of an attempt, as reported to the sandbox. */
export interface Outcome {
  /** Null if no response arrived. */
  status: number | null;
  response_body?: string;
  ms: number;
  error?: string;
}

/** Sends a notification. Resolves to "refused" if the server refuses the connection. */
export async function forward(url: URL, forwarded: Forwarded): Promise<Outcome | "refused"> {
  const began = performance.now();
  const elapsed = () => Math.round(performance.now() - began);
  try {
    const { status, response_body } = await send(url, forwarded);
    return { status, response_body, ms: elapsed() };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ECONNREFUSED") return "refused";
    return { status: null, ms: elapsed(), error: message };
  }
}

function send(
  url: URL,
  { headers, body }: Forwarded,
): Promise<{ status: number; response_body: string }> {
  const signal = AbortSignal.timeout(DELIVERY_TIMEOUT_MILLISECONDS);
  const options = { method: "POST", headers, signal };
  return new Promise((resolve, reject) => {
    const receive = (response: http.IncomingMessage) => {
      const status = response.statusCode ?? 0;
      readStart(response).then((response_body) => resolve({ status, response_body }), reject);
    };
    const request =
      url.protocol === "https:"
        ? https.request(url, { ...options, agent: new https.Agent() }, receive)
        : http.request(url, { ...options, agent: new http.Agent() }, receive);
    request.on("error", (error) => reject(signal.aborted ? timedOut() : error));
    request.end(body);
  });
}

const timedOut = () =>
  new Error(`no response within ${DELIVERY_TIMEOUT_MILLISECONDS / 1_000} seconds`);

/** The first bytes of a response's body, as the sandbox stores them. */
async function readStart(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (bytes < MAX_RESPONSE_BYTES) chunks.push(chunk);
    bytes += chunk.length;
  }
  return Buffer.concat(chunks).subarray(0, MAX_RESPONSE_BYTES).toString();
}

/** Resolves when the server accepts a connection. */
export async function waitUntilListening({ hostname, port, protocol }: URL): Promise<void> {
  const host = hostname.replace(/^\[|\]$/g, "");
  const target = { host, port: Number(port) || (protocol === "https:" ? 443 : 80) };
  while (!(await canConnect(target))) await sleep(POLL_MILLISECONDS);
}

function canConnect(target: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(target, () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}
