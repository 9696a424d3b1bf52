import { ENVIRONMENT_CHECK_IDS, type CheckId, type EnvironmentCheckId } from "./checks.ts";
import { checkBothReadings, READINGS, type Reading } from "./readings.ts";
import type { EnvironmentVerdicts } from "./report.ts";
import { counted, notSeen, passed, type Evidence, type Verdict } from "./verdict.ts";

type Subject = EnvironmentCheckId | Reading;

/** An environment whose verdicts are summed up. */
interface CheckedEnvironment {
  id: number;
  /** Empty if it has none. */
  name: string;
  /** When the verdicts were found (RFC 3339). */
  at: string;
}

interface StoredVerdict extends Omit<Verdict, "status"> {
  environment: CheckedEnvironment;
}

/** The latest passed and the latest failed verdict of each check and reading. */
export type StoredVerdicts = {
  [Name in Subject]?: { passed?: StoredVerdict; failed?: StoredVerdict };
};

/** The verdicts of an environment to store; undefined if it has none. */
export function storedVerdictsOf(
  { checks, readings }: EnvironmentVerdicts,
  environment: CheckedEnvironment,
): StoredVerdicts | undefined {
  const seen = Object.entries({ ...checks, ...readings }).flatMap(([name, verdict]) => {
    const { status, reason, evidence } = verdict;
    if (status === "not_seen") return [];
    return [[name, { [status]: { reason, evidence, environment } }]];
  });
  return seen.length === 0 ? undefined : (Object.fromEntries(seen) as StoredVerdicts);
}

/** Sums up the stored verdicts of several environments, newest first, since a time (RFC 3339). */
export function sumUp(all: StoredVerdicts[], since: string): Record<CheckId, Verdict> {
  const verdictOf = (subject: Subject) => sumUpOne(all, subject, since);
  const checks = Object.fromEntries(ENVIRONMENT_CHECK_IDS.map((id) => [id, verdictOf(id)]));
  const readings = Object.fromEntries(READINGS.map((each) => [each, verdictOf(each)]));
  return { ...checks, both_readings: checkBothReadings(readings) } as Record<CheckId, Verdict>;
}

/** A check fails if it failed in any environment. Otherwise, it passes if it passed in any. */
function sumUpOne(all: StoredVerdicts[], subject: Subject, since: string): Verdict {
  const found = (status: "passed" | "failed") =>
    all.map((each) => each[subject]?.[status]).filter(isSince(since));
  const [failure] = found("failed");
  if (failure) {
    const reason = `${reasonOf(failure)} To leave out this failure, run the tests again, and request the report with the time of their start (?since=, --since).`;
    return { status: "failed", reason, evidence: evidenceIn(failure) };
  }
  const [success, ...others] = found("passed");
  if (!success) return notSeen("Not seen in any environment.");
  const more =
    others.length === 0
      ? ""
      : ` The check also passed in ${counted(others.length, "other environment")}.`;
  return passed(`${reasonOf(success)}${more}`, evidenceIn(success));
}

const isSince =
  (since: string) =>
  (verdict: StoredVerdict | undefined): verdict is StoredVerdict =>
    verdict !== undefined && Date.parse(verdict.environment.at) >= Date.parse(since);

function reasonOf({ reason, environment: { id, name } }: StoredVerdict): string {
  return `Environment ${id}${name === "" ? "" : ` (${name})`}: ${reason}`;
}

const evidenceIn = ({ evidence, environment }: StoredVerdict) =>
  evidence.map((each) => ({ ...each, environment_id: environment.id })) as [
    Evidence,
    ...Evidence[],
  ];
