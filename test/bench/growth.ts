/** `npm run bench -- growth`: what a request costs as the partner has more and more orders. */
import { join } from "node:path";
import { load, migrate } from "./data.ts";
import { requests, spreadRow, type HttpRequest } from "./operations.ts";
import { costOf, send } from "./request.ts";
import { build, start, type Server } from "./servers.ts";
import { median } from "./statistics.ts";

export const SIZES_ORDERS = [1_000, 10_000, 100_000, 1_000_000];

/** How often each operation is asked of each size, and how often before it counts. */
const REQUESTS = 400;
const WARM_UP_REQUESTS = 50;

/** How much slower than at the smallest size the median may be. */
const GOAL = 1.25;

/** So few orders that none of their objects is idle for long enough to be evicted: about ten seconds. */
const WARM_ORDERS = 20;

/** In this order: posts change what the first page has. Posts to ever other orders find them cold. */
const OPERATIONS: [name: string, request: (row: number) => HttpRequest, rows?: number][] = [
  ["GET order by id", requests.orderById],
  ["GET orders by partner_order_id", requests.ordersByPartnerOrder],
  ["GET first page of orders", requests.firstOrders],
  ["GET page from the middle", requests.ordersFromTheMiddle],
  ["GET events by order_id", requests.eventsByOrder],
  ["GET events by network txn", requests.eventsByTransaction],
  ["POST event, cold order", requests.postEvent],
  ["POST event, warm order", requests.postEvent, WARM_ORDERS],
];

export interface Growth {
  operation: string;
  sizes: { orders: number; p50_milliseconds: number; rows_read: number; ratio: number }[];
  same_rows: boolean;
  goal: number;
  met: boolean;
}

interface Sized {
  orders: number;
  server: Server;
}

/** Yields each operation's figures as soon as they are there. */
export async function* grow(folder: string, sizes: readonly number[]): AsyncGenerator<Growth> {
  const script = await build("ours", folder);
  const servers: Sized[] = [];
  try {
    for (const orders of sizes) {
      const server = await start(script, join(folder, `${orders}-orders`));
      servers.push({ orders, server });
      await fill(server, orders);
    }
    for (const [operation, request, rows = Infinity] of OPERATIONS) {
      yield summarize(operation, await measure(servers, request, rows));
    }
  } finally {
    for (const { server } of servers) await server.stop();
  }
}

async function fill(server: Server, orders: number): Promise<void> {
  const started = performance.now();
  await migrate(server.database);
  await load(server.database, orders);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`Loaded ${orders} orders in ${seconds} s`);
}

/** Every size's milliseconds and rows read, request by request. */
type Samples = { orders: number; milliseconds: number[]; rowsRead: number[] }[];

/**
 * One request after another, to each size in turn, so that what else the machine does meets all sizes.
 * They ask for `rows` rows, spread over all of them.
 */
async function measure(
  servers: Sized[],
  request: (row: number) => HttpRequest,
  rows: number,
): Promise<Samples> {
  const samples = servers.map(({ orders, server }) => ({
    orders,
    server,
    milliseconds: [] as number[],
    rowsRead: [] as number[],
  }));
  for (let index = 0; index < WARM_UP_REQUESTS + REQUESTS; index += 1) {
    for (const { orders, server, milliseconds, rowsRead } of samples) {
      const answer = await send(server.url, request(spreadRow(index % rows, orders)));
      if (index < WARM_UP_REQUESTS) continue;
      milliseconds.push(answer.milliseconds);
      rowsRead.push(costOf(answer).rows_read);
    }
  }
  return samples;
}

function summarize(operation: string, samples: Samples): Growth {
  const medians = samples.map(({ orders, milliseconds, rowsRead }) => ({
    orders,
    p50_milliseconds: median(milliseconds),
    rows_read: median(rowsRead),
  }));
  const [smallest] = medians;
  const sizes = medians.map((each) => ({
    ...each,
    ratio: each.p50_milliseconds / (smallest?.p50_milliseconds ?? Number.NaN),
  }));
  return {
    operation,
    sizes,
    same_rows: new Set(sizes.map(({ rows_read }) => rows_read)).size === 1,
    goal: GOAL,
    met: sizes.every(({ ratio }) => ratio <= GOAL),
  };
}
