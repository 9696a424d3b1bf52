/** `npm run bench -- growth`: measures requests while a partner's orders grow. */
import { join } from "node:path";
import { load, migrate } from "./data.ts";
import { requests, spreadRow, type HttpRequest } from "./operations.ts";
import { costOf, send } from "./request.ts";
import { build, start, type Server } from "./servers.ts";
import { median } from "./statistics.ts";

export const SIZES_ORDERS = [1_000, 10_000, 100_000, 1_000_000];

/** How many requests of each operation are measured at each size, after a warm-up. */
const REQUESTS = 400;
const WARM_UP_REQUESTS = 50;

/** The highest allowed ratio of the median to that at the smallest size. */
const GOAL = 1.25;

/** Few enough orders that no object is idle for ten seconds, after which it is evicted. */
const WARM_ORDERS = 20;

/** Runs in this order, since POSTs change the first page. POSTs to different orders each time find them cold. */
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

/** Yields each operation's figures as soon as they are measured. */
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

/** The milliseconds and rows read of each request, by size. */
type Samples = { orders: number; milliseconds: number[]; rowsRead: number[] }[];

/**
 * Sends one request at a time, to each size in turn, so that other load on the machine affects all sizes.
 * The requests read `rows` rows, spread over all of them.
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
      const response = await send(server.url, request(spreadRow(index % rows, orders)));
      if (index < WARM_UP_REQUESTS) continue;
      milliseconds.push(response.milliseconds);
      rowsRead.push(costOf(response).rows_read);
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
