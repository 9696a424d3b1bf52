/** The report of `orders-sandbox readiness` as text, JSON, JUnit and Markdown. */
import { CHECK_GROUPS } from "../domain/readiness/groups.ts";
import { markdownOf, STATUS_LABELS, summaryOf } from "../domain/readiness/markdown.ts";
import type { Readiness } from "./environment.ts";
import { jsonLine, withoutControls } from "./printable.ts";

type Check = Readiness["checks"][number];

/** A report, and the IDs of the checks that must have passed. */
export interface RequiredReport {
  report: Readiness;
  required: ReadonlySet<string>;
}

export const FORMATS: Record<string, (report: RequiredReport) => string> = {
  text: toText,
  json: ({ report }) => jsonLine(report),
  junit: toJUnit,
  markdown: ({ report }) => markdownOf(report),
};

const isMissing = ({ id, status }: Check, required: ReadonlySet<string>): boolean =>
  required.has(id) && status !== "passed";

/** The required checks that have not passed. */
export const missingChecks = ({ report, required }: RequiredReport): Check[] =>
  report.checks.filter((each) => isMissing(each, required));

const STATUS_WIDTH = 10;
const INDENT = " ".repeat(STATUS_WIDTH + 2);

function toText({ report, required }: RequiredReport): string {
  const width = Math.max(...report.checks.map(({ id }) => id.length)) + 2;
  const lines: string[] = [];
  for (const [group, checks] of Map.groupBy(report.checks, (each) => each.group)) {
    lines.push("", CHECK_GROUPS[group]);
    for (const check of checks) lines.push(...linesOf(check, width));
  }
  const missing = missingChecks({ report, required });
  const verdict =
    missing.length === 0
      ? ["Ready.", ...(report.ready && report.environment !== "all" ? [BOTH_READINGS] : [])]
      : [`Not ready: ${missing.map(({ id }) => id).join(", ")}.`, ...hintsOf(report)];
  return [summaryOf(report), ...lines, "", ...verdict].join("\n");
}

const START_OVER =
  "A failure counts for 7 days. To start over, run the tests again, then this command with --since <when they started>, or use a new environment. If some of your tests make mistakes on purpose, run those with another partner's key, so that they don't count.";
const ALL_ENVIRONMENTS =
  "This report is about one environment. With a key of the partner's first environment, --environments all adds those that tests created and deleted.";

const BOTH_READINGS =
  "--environments all also checks that the client can handle both possible behaviors of production.";

function hintsOf({ checks, environment }: Readiness): string[] {
  const hasFailed = checks.some(({ status }) => status === "failed");
  return [...(hasFailed ? [START_OVER] : []), ...(environment === "all" ? [] : [ALL_ENVIRONMENTS])];
}

function linesOf({ id, title, status, reason, how_to_prove }: Check, width: number): string[] {
  const line = `  ${STATUS_LABELS[status].padEnd(STATUS_WIDTH)}${id.padEnd(width)}${title}`;
  if (status === "failed") return [line, `${INDENT}${withoutControls(reason)}`];
  if (status === "not_seen") return [line, `${INDENT}${how_to_prove.step}`];
  return [line];
}

function toJUnit({ report, required }: RequiredReport): string {
  const missing = missingChecks({ report, required });
  const skipped = report.checks.filter(
    (each) => each.status !== "passed" && !isMissing(each, required),
  );
  const counts = `tests="${report.checks.length}" failures="${missing.length}" errors="0" skipped="${skipped.length}"`;
  const cases = report.checks.map((check) => {
    const { id, group, title, status, reason, how_to_prove } = check;
    const opening = `    <testcase classname="readiness.${group}" name="${xml(`${id}: ${title}`)}" time="0"`;
    if (status === "passed") return `${opening}/>`;
    const message = xml(`${STATUS_LABELS[status]}: ${reason}`);
    const result = isMissing(check, required)
      ? `<failure type="${status}" message="${message}">${xml(`${how_to_prove.step}\n${how_to_prove.curl}`)}</failure>`
      : `<skipped message="${message}"/>`;
    return `${opening}>\n      ${result}\n    </testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts} time="0">`,
    `  <testsuite name="orders-sandbox readiness" ${counts} time="0">`,
    ...cases,
    "  </testsuite>",
    "</testsuites>",
  ].join("\n");
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Escapes text for XML, which can't contain most control characters or half a surrogate pair. */
const xml = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[^\n\t\P{Cc}]|[\ufffe\uffff]/gu, " ")
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? "");
