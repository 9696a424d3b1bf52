import { CHECK_IDS, CHECKS, descriptionOf, ENVIRONMENT_CHECK_IDS, type CheckId } from "./checks.ts";
import type { ReadinessFacts } from "./facts.ts";
import type { CheckGroup } from "./groups.ts";
import { howToProve, type HowToProve } from "./how-to-prove.ts";
import { readingsOf, type Reading, type Verdicts } from "./readings.ts";
import type { Verdict } from "./verdict.ts";

/** The verdicts on one environment. */
export interface EnvironmentVerdicts {
  checks: Verdicts;
  readings: Partial<Record<Reading, Verdict>>;
}

export function evaluate(facts: ReadinessFacts): EnvironmentVerdicts {
  const checks = Object.fromEntries(
    ENVIRONMENT_CHECK_IDS.map((id) => [id, CHECKS[id].evaluate(facts)]),
  ) as Verdicts;
  return { checks, readings: readingsOf(facts, checks) };
}

interface CheckResult extends Verdict {
  id: CheckId;
  group: CheckGroup;
  title: string;
  how_to_prove: HowToProve;
}

/** The published form of verdicts. `origin` is the sandbox's. */
export function reportOf(
  verdicts: Partial<Record<CheckId, Verdict>>,
  origin: string,
): { ready: boolean; checks: CheckResult[] } {
  const checks = CHECK_IDS.flatMap((id): CheckResult[] => {
    const verdict = verdicts[id];
    if (!verdict) return [];
    const { group, title } = descriptionOf(id);
    return [{ id, group, title, ...verdict, how_to_prove: howToProve(id, origin) }];
  });
  return { ready: checks.every(({ status }) => status === "passed"), checks };
}
