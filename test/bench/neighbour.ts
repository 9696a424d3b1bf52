/** `npm run bench -- neighbour`: measures a partner's waiting times while a stranger sends expensive requests. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Agent } from "node:http";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { crowd, load, migrate, PARTNER_A, PARTNER_B } from "./data.ts";
import { MemoryPeak } from "./memory.ts";
import { requests, spreadRow } from "./operations.ts";
import { count, type Statuses } from "./request.ts";
import { build, deployedVariables, start, type Server } from "./servers.ts";
import { median, percentile } from "./statistics.ts";
import type { StrangerTask, StrangerReport } from "./stranger.ts";

const STRANGER_ORDERS = 100_000;
const VICTIM_ORDERS = 10_000;

/** The victim's requests: sent at fixed times, whether or not earlier ones have a response. */
const INTERVAL_MILLISECONDS = 50;
const WARM_UP_REQUESTS = 100;
const GETS = [
  requests.orderById,
  requests.firstOrders,
  requests.eventById,
  requests.ordersByPartnerOrder,
  requests.eventsByOrder,
];

/** The highest allowed ratio of the victim's 99th percentile to that next to an ordinary partner. */
const GOAL = 5;

/** The highest allowed ratio of the runtime's peak memory to that next to an ordinary partner. */
const MEMORY_GOAL = 2;

/** The memory that the runtime should take at most. The verdict reports it, but the runtime's garbage isn't ours. */
const TARGET_MEGABYTES = 400;

/** The victim's measurements while a stranger sends requests. */
export interface VictimFigures {
  p50_milliseconds: number;
  p95_milliseconds: number;
  p99_milliseconds: number;
  statuses: Statuses;
  /** The number of requests that the stranger sent, their statuses, and how its held connections ended. */
  stranger: { requests: number; statuses: Statuses; held: Statuses };
  /** The peak of the runtime's resident memory. */
  peak_megabytes: number;
}

export interface Run {
  expensive: VictimFigures;
  ordinary: VictimFigures;
  /** The 99th percentile divided by that next to an ordinary partner. */
  ratio: number;
  /** The same for the peak of the memory. */
  memory_ratio: number;
}

export interface Verdict {
  ratio: number;
  goal: number;
  memory_ratio: number;
  memory_goal: number;
  met: boolean;
  peak_megabytes: number;
  target_megabytes: number;
}

interface Extent {
  runs: number;
  seconds: number;
  /** The kinds of expensive requests, which the stranger sends in turn. */
  kinds: string[];
}

/** Yields each run as soon as it ends. */
export async function* neighbour(
  folder: string,
  { runs, seconds, kinds }: Extent,
): AsyncGenerator<Run> {
  const script = await build("ours", folder);
  const filled = join(folder, "filled");
  await createData(script, filled);
  for (let run = 1; run <= runs; run += 1) {
    const task = { seconds, orders: STRANGER_ORDERS };
    const copied = { script, filled, data: join(folder, `run-${run}`) };
    const expensive = await measureVictim(copied, { ...task, kinds });
    const { moments } = expensive.report;
    const ordinary = await measureVictim(copied, { ...task, moments });
    const ratio = expensive.victim.p99_milliseconds / ordinary.victim.p99_milliseconds;
    const memory_ratio = expensive.victim.peak_megabytes / ordinary.victim.peak_megabytes;
    yield { expensive: expensive.victim, ordinary: ordinary.victim, ratio, memory_ratio };
  }
}

export function judge(runs: Run[]): Verdict {
  const ratio = median(runs.map((run) => run.ratio));
  const memory_ratio = median(runs.map((run) => run.memory_ratio));
  return {
    ratio,
    goal: GOAL,
    memory_ratio,
    memory_goal: MEMORY_GOAL,
    met: ratio < GOAL && memory_ratio < MEMORY_GOAL,
    peak_megabytes: Math.max(...runs.map(({ expensive }) => expensive.peak_megabytes)),
    target_megabytes: TARGET_MEGABYTES,
  };
}

/** Fills a folder with the data of both partners, for each run to copy. */
async function createData(script: string, filled: string): Promise<void> {
  const server = await start(script, filled, { variables: deployedVariables() });
  try {
    await fill(server);
  } finally {
    await server.stop();
  }
}

interface Copied {
  script: string;
  /** The folder that has the data. */
  filled: string;
  /** The folder that gets a copy. */
  data: string;
}

/** Measures the victim while a stranger runs this task, both on a copy of the data. */
async function measureVictim(
  { script, filled, data }: Copied,
  task: Omit<StrangerTask, "url">,
): Promise<{ report: StrangerReport; victim: VictimFigures }> {
  await cp(filled, data, { recursive: true });
  const server = await start(script, data, { variables: deployedVariables(), isDirect: true });
  const stranger = fork(new URL("stranger.ts", import.meta.url));
  const memory = new MemoryPeak();
  try {
    stranger.send({ ...task, url: server.url } satisfies StrangerTask);
    await nextMessage(stranger);
    await getForWhile(server.url, WARM_UP_REQUESTS);
    stranger.send("begin");
    const gets = (task.seconds * 1_000) / INTERVAL_MILLISECONDS;
    const [seen, message] = await Promise.all([
      getForWhile(server.url, gets),
      nextMessage(stranger),
    ]);
    const report = message as StrangerReport;
    return { report, victim: summarize(seen, report, memory.stop()) };
  } finally {
    memory.stop();
    stranger.kill();
    await server.stop();
    await rm(data, { recursive: true, force: true });
  }
}

/** Waits for a process's next message. Throws if the process ends first. */
async function nextMessage(stranger: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const abort = () => ended.abort(new Error("The stranger ended without a message"));
  // Unlike "exit", this event follows the last message.
  stranger.once("disconnect", abort);
  const [message] = (await once(stranger, "message", { signal: ended.signal })) as [unknown];
  stranger.off("disconnect", abort);
  return message;
}

async function fill({ database }: Server): Promise<void> {
  await migrate(database);
  await load(database, STRANGER_ORDERS, PARTNER_A);
  await crowd(database, PARTNER_A);
  await load(database, VICTIM_ORDERS, PARTNER_B);
  // A deployed sandbox runs this each hour. The statistics decide how SQLite searches.
  await database.prepare("pragma optimize").run();
}

interface Seen {
  milliseconds: number[];
  statuses: Statuses;
}

/** Sends the victim's requests. Each is measured from its due time, so that a late start counts as waiting. */
async function getForWhile(url: string, gets: number): Promise<Seen> {
  const agent = new Agent({ keepAlive: true });
  const seen: Seen = { milliseconds: [], statuses: {} };
  const started = performance.now();
  const sent: Promise<void>[] = [];
  for (let index = 0; index < gets; index += 1) {
    const due = started + index * INTERVAL_MILLISECONDS;
    await sleep(Math.max(0, due - performance.now()));
    sent.push(getOne(url, index, agent, due, seen));
  }
  await Promise.all(sent);
  agent.destroy();
  return seen;
}

async function getOne(url: string, index: number, agent: Agent, due: number, seen: Seen) {
  const request = GETS.at(index % GETS.length)!(spreadRow(index, VICTIM_ORDERS));
  await count(seen.statuses, url, request, { key: PARTNER_B.key, agent });
  seen.milliseconds.push(performance.now() - due);
}

function summarize(
  { milliseconds, statuses }: Seen,
  report: StrangerReport,
  peak_megabytes: number,
): VictimFigures {
  return {
    p50_milliseconds: percentile(milliseconds, 50),
    p95_milliseconds: percentile(milliseconds, 95),
    p99_milliseconds: percentile(milliseconds, 99),
    statuses,
    stranger: { requests: report.moments.length, statuses: report.statuses, held: report.held },
    peak_megabytes,
  };
}
