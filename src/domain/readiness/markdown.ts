import { CHECK_GROUPS, type CheckGroup } from "./groups.ts";
import type { CheckStatus } from "./verdict.ts";

/** The part of a check that a report shows. */
interface ShownCheck {
  id: string;
  group: CheckGroup;
  title: string;
  status: CheckStatus;
  reason: string;
}

interface ShownReport {
  ready: boolean;
  environment: number | "all";
  since: string;
  checks: ShownCheck[];
}

export const STATUS_LABELS: Record<CheckStatus, string> = {
  passed: "passed",
  failed: "failed",
  not_seen: "not seen",
};

/** Counts the checks by status, in one sentence. */
export function summaryOf({ checks, environment, since }: ShownReport): string {
  const count = (status: CheckStatus) => checks.filter((each) => each.status === status).length;
  const where = environment === "all" ? "all environments" : `environment ${environment}`;
  return `${count("passed")} of ${checks.length} checks passed, ${count("failed")} failed, ${count("not_seen")} not seen, in ${where} since ${since}.`;
}

/** The report as Markdown, for a pull request's comment. */
export function markdownOf(report: ShownReport): string {
  const rows = report.checks.map(
    ({ group, title, id, status, reason }) =>
      `| ${CHECK_GROUPS[group]} | ${title} (\`${id}\`) | ${STATUS_LABELS[status]} | ${cell(reason)} |`,
  );
  return [
    `## Ready for production: ${report.ready ? "yes" : "no"}`,
    "",
    summaryOf(report),
    "",
    "| group | check | status | reason |",
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

/** Escapes a reason: it contains text that the integration sent, which must not change the table. */
const cell = (text: string): string =>
  text
    .replace(/\p{Cc}+/gu, " ")
    .replace(/[\\|`<>*_[\]@]/g, (character) => `&#${character.charCodeAt(0)};`);
