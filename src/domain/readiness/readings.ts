import { ASSUMPTION_NAMES, ASSUMPTIONS, type Assumptions } from "../assumptions.ts";
import { isRefund, stepsOf } from "./order-history.ts";
import type { EnvironmentCheckId } from "./checks.ts";
import type { ReadinessFacts } from "./facts.ts";
import {
  evidenceOfAll,
  failed,
  nameOf,
  notSeen,
  passed,
  type Evidence,
  type Verdict,
} from "./verdict.ts";

/** One value of an assumption, such as `duplicate_ids=conflict`. */
export type Reading = {
  [Name in keyof Assumptions]: `${Name}=${Assumptions[Name]}`;
}[keyof Assumptions];

export const READINGS = ASSUMPTION_NAMES.flatMap((name) =>
  ASSUMPTIONS[name].map((value) => `${name}=${value}` as Reading),
);

export type Verdicts = Record<EnvironmentCheckId, Verdict>;

const RETRY_CHECKS = ["lost_response", "cut_response", "error_after_commit", "proxy_page"] as const;

/** The verdict that proves each assumption. */
const PROOFS: Record<keyof Assumptions, (facts: ReadinessFacts, verdicts: Verdicts) => Verdict> = {
  duplicate_ids: (_, verdicts) => retried(verdicts),
  idempotency_key: (_, verdicts) => retried(verdicts),
  refund_beyond_captured: refunded,
};

/** The verdicts on the readings that the environment has. */
export function readingsOf(
  facts: ReadinessFacts,
  verdicts: Verdicts,
): Partial<Record<Reading, Verdict>> {
  return Object.fromEntries(
    ASSUMPTION_NAMES.map((name) => [
      `${name}=${facts.assume[name]}`,
      PROOFS[name](facts, verdicts),
    ]),
  );
}

function retried(verdicts: Verdicts): Verdict {
  const all = RETRY_CHECKS.map((id) => verdicts[id]);
  return (
    all.find(({ status }) => status === "failed") ??
    all.find(({ status }) => status === "passed") ??
    notSeen("No creation was retried after its response was lost, cut or replaced.")
  );
}

/** Where refunds beyond the captured amount are accepted, the client itself must not send any. */
function refunded({ requests, assume }: ReadinessFacts, verdicts: Verdicts): Verdict {
  if (assume.refund_beyond_captured === "refused") return verdicts.refund_refused;
  const [one, ...others] = stepsOf(requests)
    .filter(({ request, isAccepted }) => isAccepted && isRefund(request))
    .map(({ request }) => request);
  if (!one) return notSeen("No refund was accepted.");
  const beyond = [one, ...others].find((each) =>
    each.warnings?.some(({ code }) => code === "refunded_beyond_captured"),
  );
  return beyond
    ? failed(
        `${nameOf(beyond)} refunded more than was captured. Production may accept that, so the client itself must refuse it.`,
        evidenceOfAll(beyond),
      )
    : passed("No refund was above the captured amount.", evidenceOfAll(one, ...others));
}

/** The verdict of `both_readings`. `seen` has the verdicts of all environments, by reading. */
export function checkBothReadings(seen: Partial<Record<Reading, Verdict>>): Verdict {
  const failure = READINGS.find((each) => seen[each]?.status === "failed");
  if (failure) {
    const { reason, evidence } = seen[failure]!;
    return failed(`With ${failure}: ${reason}`, evidence as [Evidence, ...Evidence[]]);
  }
  const missing = READINGS.filter((each) => seen[each]?.status !== "passed");
  if (missing.length > 0)
    return notSeen(
      `Not proven yet: ${missing.join(", ")}. Each needs an environment with that value.`,
    );
  return passed(
    "The client handled both values of each assumption.",
    READINGS.flatMap((each) => seen[each]!.evidence.slice(0, 1)) as [Evidence, ...Evidence[]],
  );
}
