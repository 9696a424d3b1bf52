/**
 * The stranger: a process that sends a partner's requests for some time, so that making them doesn't delay
 * who measures. It gets an `Errand`, says that it is ready, begins when it is told to, and answers a `Stay`.
 */
import { once } from "node:events";
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { PARTNER_A } from "./data.ts";
import { EXPENSIVE_REQUESTS, LARGE_ORDERS, largeOrderToStartWith } from "./expensive-requests.ts";
import { requests, spreadRow, type HttpRequest } from "./operations.ts";
import { count, exchange, type Statuses } from "./request.ts";

const CONNECTIONS = 32;

const ORDINARY = [
  requests.orderById,
  requests.postOrder,
  requests.eventById,
  requests.firstOrders,
  requests.postEvent,
  requests.firstEvents,
];

/** What a stranger is to do. */
export interface Errand {
  url: string;
  seconds: number;
  /** How many orders it has. */
  orders: number;
  /** It sends these kinds of expensive requests in turn, each connection the next as soon as one is answered. */
  kinds?: string[];
  /** Or ordinary requests, at these milliseconds after the beginning. */
  moments?: number[];
}

/** What it has done. */
export interface Stay {
  /** When it has sent its requests, in milliseconds after the beginning. */
  moments: number[];
  statuses: Statuses;
}

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const sender = { key: PARTNER_A.key, agent };
const stay: Stay = { moments: [], statuses: {} };

const [{ url, seconds, orders, kinds, moments }] = (await once(process, "message")) as [Errand];
if (kinds) await prepare();
process.send!("ready");
await once(process, "message");
const started = performance.now();
await (kinds ? sendExpensive(kinds) : sendOrdinary(moments ?? []));
agent.destroy();
process.send!(stay);
process.disconnect();

async function prepare(): Promise<void> {
  for (let number = 0; number < LARGE_ORDERS; number += 1) {
    const { status, refusal } = await exchange(url, largeOrderToStartWith(number), sender);
    if (status !== 200) throw new Error(`A large order was answered ${status}: ${refusal}`);
  }
}

/** As fast as answers come: that some are 429 is for the limit to see to. */
async function sendExpensive(chosen: string[]): Promise<void> {
  const makers = chosen.flatMap((kind) => EXPENSIVE_REQUESTS[kind] ?? []);
  let sent = 0;
  const connect = async () => {
    while (elapsed() < seconds * 1_000) {
      const make = makers.at(sent % makers.length)!;
      const number = Math.floor(sent / makers.length);
      sent += 1;
      await ask(make(number));
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connect));
}

/** At the moments when another stranger has sent its own. */
async function sendOrdinary(at: number[]): Promise<void> {
  const answers: Promise<void>[] = [];
  for (const [index, moment] of at.entries()) {
    const early = moment - elapsed();
    if (early > 0) await sleep(early);
    const make = ORDINARY.at(index % ORDINARY.length)!;
    answers.push(ask(make(spreadRow(index, orders))));
  }
  await Promise.all(answers);
}

async function ask(request: HttpRequest): Promise<void> {
  stay.moments.push(elapsed());
  await count(stay.statuses, url, request, sender);
}

function elapsed(): number {
  return performance.now() - started;
}
