/**
 * `npm run bench`: what the Worker reaches of what its runtime and D1 can do.
 * `npm run bench -- growth`: whether it stays as fast when there is more data.
 * `npm run bench -- start`: what it takes to have a sandbox of one's own, and what one client gets of it.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fail } from "../../src/cli/tools.ts";
import { compare } from "./compare.ts";
import { grow, SIZES_ORDERS } from "./growth.ts";
import {
  comparisonLine,
  comparisonTitle,
  growthLine,
  growthTitle,
  startLine,
  startTitle,
} from "./report.ts";
import { measureStart } from "./start.ts";

/** Bounds, so that a run ends: at most about half an hour. An order's object that waits for longer grows cold. */
const MAX_ROUNDS = 15;
const MAX_SECONDS = 5;
const LEAST_ORDERS = Math.min(...SIZES_ORDERS);
const MOST_ORDERS = Math.max(...SIZES_ORDERS);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    sizes: { type: "string", default: SIZES_ORDERS.join(",") },
    json: { type: "string" },
  },
});

const folder = await mkdtemp(join(tmpdir(), "orders-bench-"));
try {
  const figures = await runChosen(positionals[0]);
  if (values.json) await writeFile(values.json, `${JSON.stringify(figures, null, 2)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function runChosen(what: string | undefined) {
  if (what === "growth") return runGrowth();
  if (what === "start") {
    console.log(startTitle);
    return printed(measureStart(folder), startLine);
  }
  return runComparison();
}

async function runComparison() {
  const rounds = wholeNumber("rounds", values.rounds, 1, MAX_ROUNDS);
  const seconds = wholeNumber("seconds", values.seconds, 1, MAX_SECONDS);
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
  return fail(`--${option} takes whole numbers from ${least} to ${most}, but received ${text}.`);
}
