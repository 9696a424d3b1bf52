/**
 * `npm run bench`: compares the Worker with a ceiling on the same runtime and D1.
 * `npm run bench -- growth`: measures requests with more and more data.
 * `npm run bench -- start`: measures installation, start and the requests of a single client.
 * `npm run bench -- neighbour`: measures how much a partner is delayed by another one.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fail } from "../../src/cli/tools.ts";
import { compare } from "./compare.ts";
import { EXPENSIVE_REQUESTS } from "./expensive-requests.ts";
import { HELD_CONNECTIONS } from "./held-connections.ts";
import { grow, SIZES_ORDERS } from "./growth.ts";
import { judge, neighbour } from "./neighbour.ts";
import {
  comparisonLine,
  comparisonTitle,
  growthLine,
  growthTitle,
  neighbourLine,
  neighbourTitle,
  startLine,
  startTitle,
  verdictLines,
} from "./report.ts";
import { measureStart } from "./start.ts";

/** Upper limits, for a run of about half an hour at most. In longer runs, the orders' objects would be evicted. */
const MAX_ROUNDS = 15;
const MAX_SECONDS = 5;
const MAX_RUNS = 5;
const MAX_RUN_SECONDS = 120;
/** The default lengths of a round, and of a run with a neighbour. */
const SECONDS = "2";
const RUN_SECONDS = "60";
const LEAST_ORDERS = Math.min(...SIZES_ORDERS);
const MOST_ORDERS = Math.max(...SIZES_ORDERS);

/** The kinds of what an expensive partner sends. */
const KINDS = [...Object.keys(EXPENSIVE_REQUESTS), ...Object.keys(HELD_CONNECTIONS)];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string" },
    runs: { type: "string", default: "3" },
    kinds: { type: "string", default: KINDS.join(",") },
    sizes: { type: "string", default: SIZES_ORDERS.join(",") },
    json: { type: "string" },
  },
});

const COMMANDS: Record<string, () => Promise<unknown>> = {
  compare: runComparison,
  growth: runGrowth,
  neighbour: runNeighbour,
  start: runStart,
};
const [command = "compare"] = positionals;
const runCommand =
  COMMANDS[command] ??
  fail(`Expected one of ${Object.keys(COMMANDS).join(", ")}, but received ${command}.`);

const folder = await mkdtemp(join(tmpdir(), "orders-bench-"));
try {
  const figures = await runCommand();
  if (values.json) await writeFile(values.json, `${JSON.stringify(figures, null, 2)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function runStart() {
  console.log(startTitle);
  return printed(measureStart(folder), startLine);
}

async function runComparison() {
  const rounds = wholeNumber("rounds", values.rounds, 1, MAX_ROUNDS);
  const seconds = wholeNumber("seconds", values.seconds ?? SECONDS, 1, MAX_SECONDS);
  console.log(comparisonTitle);
  return printed(compare(folder, { rounds, seconds }), comparisonLine);
}

async function runGrowth() {
  const sizes = values.sizes
    .split(",")
    .map((size) => wholeNumber("sizes", size, LEAST_ORDERS, MOST_ORDERS))
    .toSorted((a, b) => a - b);
  console.log(growthTitle(sizes));
  return printed(grow(folder, sizes), growthLine);
}

async function runNeighbour() {
  const runs = wholeNumber("runs", values.runs, 1, MAX_RUNS);
  const seconds = wholeNumber("seconds", values.seconds ?? RUN_SECONDS, 1, MAX_RUN_SECONDS);
  const kinds = values.kinds.split(",");
  const unknown = kinds.find((kind) => !KINDS.includes(kind));
  if (unknown !== undefined) {
    fail(`--kinds expects some of ${KINDS.join()}, but received ${unknown}.`);
  }
  console.log(neighbourTitle);
  const figures = await printed(neighbour(folder, { runs, seconds, kinds }), neighbourLine);
  const verdict = judge(figures);
  console.log(verdictLines(verdict));
  return { runs: figures, verdict };
}

async function printed<Figures>(all: AsyncIterable<Figures>, lineOf: (each: Figures) => string) {
  const figures: Figures[] = [];
  for await (const each of all) {
    console.log(lineOf(each));
    figures.push(each);
  }
  return figures;
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  return fail(`--${option} expects a whole number from ${least} to ${most}, but received ${text}.`);
}
