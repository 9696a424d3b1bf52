/** `npm run bench`: compares the Worker with its ceiling, operation by operation. */
import { join } from "node:path";
import { load, migrate } from "./data.ts";
import { drive, type Round } from "./load.ts";
import { requests, spreadRow, type HttpRequest } from "./operations.ts";
import { costOf, send, type Cost } from "./request.ts";
import { build, start, type Server, type WorkerName } from "./servers.ts";
import { median } from "./statistics.ts";

/** The number of orders at the start. */
const ORDERS = 10_000;
/** The orders that receive events: the first is the hot one, the others alternate. Reads use the orders after them. */
const HOT_ROW = 1;
const WARM_ORDERS = 200;
const FIRST_READ_ROW = HOT_ROW + WARM_ORDERS + 1;

const WARM_UP_SECONDS = 1;

/** The fraction of the ceiling's requests per second that the Worker must reach. */
const READ_GOAL = 0.85;
const WRITE_GOAL = 0.8;

const readRow = (index: number) =>
  FIRST_READ_ROW - 1 + spreadRow(index, ORDERS - FIRST_READ_ROW + 1);
const warmRow = (index: number) => HOT_ROW + 1 + (index % WARM_ORDERS);

const OPERATIONS: [name: string, goal: number, request: (index: number) => HttpRequest][] = [
  ["GET order by id", READ_GOAL, (index) => requests.orderById(readRow(index))],
  ["GET event by id", READ_GOAL, (index) => requests.eventById(readRow(index))],
  ["GET first page of orders", READ_GOAL, requests.firstOrders],
  ["GET first page of events", READ_GOAL, requests.firstEvents],
  ["GET page from the middle", READ_GOAL, (index) => requests.ordersFromTheMiddle(readRow(index))],
  ["GET orders by partner_order_id", READ_GOAL, (i) => requests.ordersByPartnerOrder(readRow(i))],
  ["GET events by order_id", READ_GOAL, (index) => requests.eventsByOrder(readRow(index))],
  ["GET events by network txn", READ_GOAL, (i) => requests.eventsByTransaction(readRow(i))],
  ["POST event, many orders", WRITE_GOAL, (index) => requests.postEvent(warmRow(index))],
  ["POST event, one hot order", WRITE_GOAL, () => requests.postEvent(HOT_ROW)],
  ["POST order", WRITE_GOAL, requests.postOrder],
];

export interface Comparison {
  operation: string;
  ours: Round;
  ceiling: Round;
  /** The cost of one request in D1. */
  cost: Record<WorkerName, Cost>;
  /** The Worker's requests per second divided by the ceiling's: the median over the rounds. */
  ratio: number;
  goal: number;
  met: boolean;
}

type Servers = Record<WorkerName, Server>;

/** Yields each operation's figures as soon as they are measured. */
export async function* compare(
  folder: string,
  { rounds, seconds }: { rounds: number; seconds: number },
): AsyncGenerator<Comparison> {
  const servers = {
    ours: await prepare("ours", folder),
    ceiling: await prepare("ceiling", folder),
  };
  try {
    for (const [operation, goal, request] of OPERATIONS) {
      let index = 0;
      const next = () => request((index += 1));
      const measured = await measure(servers, next, rounds, seconds);
      const ratio = median(
        measured.map((each) => each.ours.requests_per_second / each.ceiling.requests_per_second),
      );
      const ours = middle(measured.map((each) => each.ours));
      const ceiling = middle(measured.map((each) => each.ceiling));
      const cost = {
        ours: costOf(await send(servers.ours.url, next())),
        ceiling: costOf(await send(servers.ceiling.url, next())),
      };
      yield { operation, ours, ceiling, cost, ratio, goal, met: ratio >= goal };
    }
  } finally {
    await servers.ours.stop();
    await servers.ceiling.stop();
  }
}

async function prepare(worker: WorkerName, folder: string): Promise<Server> {
  const server = await start(await build(worker, folder), join(folder, `${worker}-data`));
  await migrate(server.database);
  await load(server.database, ORDERS);
  return server;
}

/** Alternates the rounds, so that other load on the machine affects both Workers. */
async function measure(
  servers: Servers,
  next: () => HttpRequest,
  rounds: number,
  seconds: number,
): Promise<Record<WorkerName, Round>[]> {
  for (const { url } of Object.values(servers)) await drive(url, WARM_UP_SECONDS, next);
  const measured: Record<WorkerName, Round>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const ours = await drive(servers.ours.url, seconds, next);
    const ceiling = await drive(servers.ceiling.url, seconds, next);
    measured.push({ ours, ceiling });
  }
  return measured;
}

const middle = (rounds: Round[]): Round => ({
  requests_per_second: median(rounds.map((round) => round.requests_per_second)),
  p50_milliseconds: median(rounds.map((round) => round.p50_milliseconds)),
  p99_milliseconds: median(rounds.map((round) => round.p99_milliseconds)),
});
