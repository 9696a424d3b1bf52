/**
 * The stranger: a process that sends one partner's requests, so that sending them doesn't delay the process
 * that measures another partner's. It receives a `StrangerTask`, reports that it is ready, starts on the next
 * message, and sends back a `StrangerReport`.
 */
import { once } from "node:events";
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { PARTNER_A } from "./data.ts";
import {
  EXPENSIVE_REQUESTS,
  LARGE_ORDERS,
  largeOrderToStartWith,
  setResetKey,
} from "./expensive-requests.ts";
import { HELD_CONNECTIONS, holdConnections } from "./held-connections.ts";
import { requests, spreadRow, type HttpRequest } from "./operations.ts";
import { count, exchange, headersOf, type Statuses } from "./request.ts";

const CONNECTIONS = 32;

const ORDINARY = [
  requests.orderById,
  requests.postOrder,
  requests.eventById,
  requests.firstOrders,
  requests.postEvent,
  requests.firstEvents,
];

/** The requests that a stranger sends. */
export interface StrangerTask {
  url: string;
  seconds: number;
  /** The number of its orders. */
  orders: number;
  /**
   * Kinds of expensive requests, sent in turn: each connection sends the next one as soon as it has a response. Kinds
   * of held connections have their own connections.
   */
  kinds?: string[];
  /** Otherwise ordinary requests, sent at these milliseconds after the start. */
  moments?: number[];
}

/** The requests that a stranger sent. */
export interface StrangerReport {
  /** When it sent each request, also on the held connections, in milliseconds after the start. */
  moments: number[];
  statuses: Statuses;
  /** How the held connections ended. */
  held: Statuses;
}

/** Its connections are as many as its requests need, like those of the held ones. */
const agent = new Agent({ keepAlive: true });
const sender = { key: PARTNER_A.key, agent };
const report: StrangerReport = { moments: [], statuses: {}, held: {} };

const [{ url, seconds, orders, kinds, moments }] = (await once(process, "message")) as [
  StrangerTask,
];
if (kinds) await prepare();
process.send!("ready");
await once(process, "message");
const started = performance.now();
await (kinds ? sendExpensive(kinds) : sendOrdinary(moments ?? []));
agent.destroy();
// Disconnecting before the report is sent would lose it.
process.send!(report, () => process.disconnect());

async function prepare(): Promise<void> {
  for (let number = 0; number < LARGE_ORDERS; number += 1) {
    const { status, refusal } = await exchange(url, largeOrderToStartWith(number), sender);
    if (status !== 200) throw new Error(`A large order returned ${status}: ${refusal}`);
  }
  const response = await fetch(`${url}/sandbox/environments`, {
    method: "POST",
    headers: headersOf(PARTNER_A.key),
    body: JSON.stringify({ fixture: "documentation" }),
  });
  setResetKey(((await response.json()) as { key: string }).key);
}

/** Sends as fast as responses arrive. The rate limit is expected to reject some with 429. */
async function sendExpensive(chosen: string[]): Promise<void> {
  const makers = chosen.flatMap((kind) => EXPENSIVE_REQUESTS[kind] ?? []);
  const ending = new AbortController();
  const holding = chosen
    .flatMap((kind) => HELD_CONNECTIONS[kind] ?? [])
    .map((held) =>
      holdConnections(url, held, { onSend, statuses: report.held, signal: ending.signal }),
    );
  let sent = 0;
  const connect = async () => {
    while (elapsed() < seconds * 1_000) {
      if (makers.length === 0) {
        await sleep(seconds * 1_000 - elapsed());
        continue;
      }
      const make = makers.at(sent % makers.length)!;
      const number = Math.floor(sent / makers.length);
      sent += 1;
      await sendOne(make(number));
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connect));
  ending.abort();
  await Promise.all(holding);
}

/** Sends at the times at which another stranger sent its requests. */
async function sendOrdinary(at: number[]): Promise<void> {
  const sent: Promise<void>[] = [];
  for (const [index, moment] of at.entries()) {
    const early = moment - elapsed();
    if (early > 0) await sleep(early);
    const make = ORDINARY.at(index % ORDINARY.length)!;
    sent.push(sendOne(make(spreadRow(index, orders))));
  }
  await Promise.all(sent);
}

async function sendOne(request: HttpRequest): Promise<void> {
  onSend();
  await count(report.statuses, url, request, sender);
}

function onSend(): void {
  report.moments.push(elapsed());
}

function elapsed(): number {
  return performance.now() - started;
}
