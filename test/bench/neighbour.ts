/** `npm run bench -- neighbour`: how long a partner waits beside a stranger that sends what costs the most. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Agent } from "node:http";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { crowd, load, migrate, PARTNER_A, PARTNER_B } from "./data.ts";
import { requests, spreadRow } from "./operations.ts";
import { count, type Statuses } from "./request.ts";
import { build, deployedVariables, start, type Server } from "./servers.ts";
import { median, percentile } from "./statistics.ts";
import type { Errand, Stay } from "./stranger.ts";

const STRANGER_ORDERS = 100_000;
const VICTIM_ORDERS = 10_000;

/** The victim's requests: at fixed times, whether or not those before are answered. */
const INTERVAL_MILLISECONDS = 50;
const WARM_UP_REQUESTS = 100;
const GETS = [
  requests.orderById,
  requests.firstOrders,
  requests.eventById,
  requests.ordersByPartnerOrder,
  requests.eventsByOrder,
];

/** How many times as long its 99th percentile may be as beside an ordinary partner. */
const GOAL = 5;

/** What the victim saw beside a stranger. */
export interface Beside {
  p50_milliseconds: number;
  p95_milliseconds: number;
  p99_milliseconds: number;
  statuses: Statuses;
  /** How many requests the stranger sent, and how they were answered. */
  stranger: { requests: number; statuses: Statuses };
}

export interface Run {
  expensive: Beside;
  ordinary: Beside;
  /** How many times as long the 99th percentile was. */
  ratio: number;
}

export interface Verdict {
  ratio: number;
  goal: number;
  met: boolean;
}

interface Extent {
  runs: number;
  seconds: number;
  /** The kinds of expensive requests, which the stranger sends in turn. */
  kinds: string[];
}

/** Yields each run as soon as it is over. */
export async function* neighbour(
  folder: string,
  { runs, seconds, kinds }: Extent,
): AsyncGenerator<Run> {
  const script = await build("ours", folder);
  for (let run = 1; run <= runs; run += 1) {
    const errand = { seconds, orders: STRANGER_ORDERS };
    const data = join(folder, `run-${run}`);
    const expensive = await besides(script, `${data}-expensive`, { ...errand, kinds });
    const { moments } = expensive.stay;
    const ordinary = await besides(script, `${data}-ordinary`, { ...errand, moments });
    const ratio = expensive.beside.p99_milliseconds / ordinary.beside.p99_milliseconds;
    yield { expensive: expensive.beside, ordinary: ordinary.beside, ratio };
  }
}

export function judge(runs: Run[]): Verdict {
  const ratio = median(runs.map((run) => run.ratio));
  return { ratio, goal: GOAL, met: ratio < GOAL };
}

/** The victim's latencies beside a stranger on this errand, both on a database of its own. */
async function besides(script: string, data: string, errand: Omit<Errand, "url">) {
  const server = await start(script, data, { variables: deployedVariables() });
  const stranger = fork(new URL("stranger.ts", import.meta.url));
  try {
    await fill(server);
    stranger.send({ ...errand, url: server.url } satisfies Errand);
    await saidBy(stranger);
    await getForWhile(server.url, WARM_UP_REQUESTS);
    stranger.send("begin");
    const gets = (errand.seconds * 1_000) / INTERVAL_MILLISECONDS;
    const [seen, said] = await Promise.all([getForWhile(server.url, gets), saidBy(stranger)]);
    const stay = said as Stay;
    return { stay, beside: summarize(seen, stay) };
  } finally {
    stranger.kill();
    await server.stop();
    await rm(data, { recursive: true, force: true });
  }
}

/** What a process says next; fails where it ends instead. */
async function saidBy(stranger: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const lost = () => ended.abort(new Error("The stranger ended without a word"));
  stranger.once("exit", lost);
  const [said] = (await once(stranger, "message", { signal: ended.signal })) as [unknown];
  stranger.off("exit", lost);
  return said;
}

async function fill({ database }: Server): Promise<void> {
  await migrate(database);
  await load(database, STRANGER_ORDERS, PARTNER_A);
  await crowd(database, PARTNER_A);
  await load(database, VICTIM_ORDERS, PARTNER_B);
  // As a deployed sandbox does each hour: what SQLite then knows of the data decides how it looks for rows.
  await database.prepare("pragma optimize").run();
}

interface Seen {
  milliseconds: number[];
  statuses: Statuses;
}

/** Sends the victim's requests, and measures each from when it was due: a late start is waiting too. */
async function getForWhile(url: string, gets: number): Promise<Seen> {
  const agent = new Agent({ keepAlive: true });
  const seen: Seen = { milliseconds: [], statuses: {} };
  const started = performance.now();
  const answers: Promise<void>[] = [];
  for (let index = 0; index < gets; index += 1) {
    const due = started + index * INTERVAL_MILLISECONDS;
    await sleep(Math.max(0, due - performance.now()));
    answers.push(getOne(url, index, agent, due, seen));
  }
  await Promise.all(answers);
  agent.destroy();
  return seen;
}

async function getOne(url: string, index: number, agent: Agent, due: number, seen: Seen) {
  const request = GETS.at(index % GETS.length)!(spreadRow(index, VICTIM_ORDERS));
  await count(seen.statuses, url, request, { key: PARTNER_B.key, agent });
  seen.milliseconds.push(performance.now() - due);
}

function summarize({ milliseconds, statuses }: Seen, stay: Stay): Beside {
  return {
    p50_milliseconds: percentile(milliseconds, 50),
    p95_milliseconds: percentile(milliseconds, 95),
    p99_milliseconds: percentile(milliseconds, 99),
    statuses,
    stranger: { requests: stay.moments.length, statuses: stay.statuses },
  };
}
