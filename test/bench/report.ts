/** Formats figures as the lines of a table. */
import type { Comparison } from "./compare.ts";
import type { Growth } from "./growth.ts";
import type { Figure } from "./start.ts";
import type { Run, Verdict, VictimFigures } from "./neighbour.ts";
import type { Statuses } from "./request.ts";

const NAME_CHARACTERS = 34;
const COLUMN_CHARACTERS = 9;

const line = (name: string, columns: string[]): string =>
  name.padEnd(NAME_CHARACTERS) +
  columns.map((column) => column.padStart(COLUMN_CHARACTERS)).join("");

export const comparisonTitle = [
  line("", ["ours", "", "", "ceiling", "", "", "", "", "rows read/written"]),
  line("", ["req/s", "p50 ms", "p99 ms", "req/s", "p50 ms", "p99 ms", "ratio", "goal"]) +
    "          ours   ceiling",
].join("\n");

export function comparisonLine({
  operation,
  ours,
  ceiling,
  cost,
  ratio,
  goal,
  met,
}: Comparison): string {
  const figures = [ours, ceiling].flatMap((side) => [
    side.requests_per_second.toFixed(0),
    side.p50_milliseconds.toFixed(1),
    side.p99_milliseconds.toFixed(1),
  ]);
  const rows = [cost.ours, cost.ceiling].map((side) => `${side.rows_read}/${side.rows_written}`);
  return line(operation, [
    ...figures,
    ratio.toFixed(2),
    `≥ ${goal.toFixed(2)}`,
    met ? "met" : "not met",
    ...rows,
  ]);
}

/** A column group per size: p50, its ratio to that of the smallest size, and the rows read. */
export function growthTitle(sizes: readonly number[]): string {
  return [
    line(
      "",
      sizes.flatMap((orders) => [`${orders} orders`.padStart(27)]),
    ),
    line("", [...sizes.flatMap(() => ["p50 ms", "ratio", "rows"]), "goal"]),
  ].join("\n");
}

export function growthLine({ operation, sizes, same_rows, goal, met }: Growth): string {
  return line(operation, [
    ...sizes.flatMap(({ p50_milliseconds, ratio, rows_read }) => [
      p50_milliseconds.toFixed(2),
      ratio.toFixed(2),
      String(rows_read),
    ]),
    `≤ ${goal.toFixed(2)}`,
    met ? "met" : "not met",
    same_rows ? " same rows" : " other rows",
  ]);
}

export const startTitle = line("", ["", "", "goal"]);

export function startLine({ what, figure, unit, goal }: Figure): string {
  const digits = Number.isInteger(figure) ? 0 : 2;
  const reached =
    goal === undefined ? [] : [`≤ ${goal.toFixed(2)}`, figure <= goal ? "met" : "not met"];
  return line(what, [figure.toFixed(digits), unit, ...reached]);
}

export const neighbourTitle =
  line("GETs while another partner sends", ["p50 ms", "p95 ms", "p99 ms", "ratio", "peak MB"]) +
  "   responses: GETs; the other partner's; its held connections";

export function neighbourLine({ expensive, ordinary, ratio }: Run): string {
  return [
    victimLine("expensive requests", expensive, ratio.toFixed(2)),
    victimLine("ordinary requests", ordinary),
  ].join("\n");
}

function victimLine(what: string, victim: VictimFigures, ratio = ""): string {
  const { p50_milliseconds, p95_milliseconds, p99_milliseconds, statuses, stranger } = victim;
  const responses = [statuses, stranger.statuses, stranger.held].map(counts).join("; ");
  const figures = [p50_milliseconds, p95_milliseconds, p99_milliseconds].map((each) =>
    each.toFixed(1),
  );
  return `${line(what, [...figures, ratio, victim.peak_megabytes.toFixed(0)])}   ${responses}`;
}

const counts = (statuses: Statuses): string =>
  Object.entries(statuses)
    .map(([status, count]) => `${status} × ${count}`)
    .join(", ");

export function verdictLines(verdict: Verdict): string {
  const { ratio, goal, memory_ratio, memory_goal, met, peak_megabytes, target_megabytes } = verdict;
  const isOnTarget = peak_megabytes < target_megabytes;
  const blank = ["", "", ""];
  return [
    line("median ratios", [...blank, ratio.toFixed(2), memory_ratio.toFixed(2)]) +
      `   goals < ${goal} and < ${memory_goal}: ${met ? "met" : "not met"}`,
    line("highest peak", [...blank, "", peak_megabytes.toFixed(0)]) +
      `   target < ${target_megabytes}: ${isOnTarget ? "met" : "not met"}`,
  ].join("\n");
}
