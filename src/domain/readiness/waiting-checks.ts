/** Whether the client waits for `Retry-After`, and longer after each failure. */
import type { FaultName } from "../faults.ts";
import { creationsOf, isCreation, isSuccess } from "./creations.ts";
import type { ObservedRequest, ReadinessFacts } from "./facts.ts";
import {
  counted,
  evidenceOfAll,
  failed,
  nameOf,
  notSeen,
  passed,
  type Verdict,
} from "./verdict.ts";

const REJECTIONS = ["unavailable", "rate_limited"] as const satisfies FaultName[];
type Rejection = (typeof REJECTIONS)[number];

const rejectionOf = ({ fault }: ObservedRequest): Rejection | undefined =>
  REJECTIONS.find((each) => each === fault?.fault);

/** Clocks and timers may be off by this much. */
const TOLERANCE_MILLISECONDS = 30;

/** The attempts at each write: creations by their identities, other writes by method and path. */
function attemptsOf(requests: readonly ObservedRequest[]): ObservedRequest[][] {
  const others = requests.filter(
    (each) =>
      !isCreation(each) &&
      each.method !== "GET" &&
      /^\/v2\/(orders|order_events)\//.test(each.path),
  );
  return [
    ...creationsOf(requests).map(({ attempts }) => attempts),
    ...Map.groupBy(others, ({ method, path }) => `${method} ${path}`).values(),
  ];
}

/** Rejected attempts in a row, and the attempt after them. */
interface Run {
  rejected: ObservedRequest[];
  next: ObservedRequest | undefined;
}

function runsOf(requests: readonly ObservedRequest[]): Run[] {
  const runs: Run[] = [];
  for (const attempts of attemptsOf(requests)) {
    let rejected: ObservedRequest[] = [];
    for (const attempt of attempts) {
      if (rejectionOf(attempt)) rejected.push(attempt);
      else if (rejected.length > 0) {
        runs.push({ rejected, next: attempt });
        rejected = [];
      }
    }
    if (rejected.length > 0) runs.push({ rejected, next: undefined });
  }
  return runs;
}

const pauseBetween = (one: ObservedRequest, next: ObservedRequest): number =>
  next.at - (one.at + one.ms);

const waitOf = ({ fault }: ObservedRequest): number => (fault?.retry_after ?? 0) * 1_000;

/** Checks the writes that got this rejection. */
export function checkWaiting(rejection: Rejection, status: number) {
  return ({ requests }: ReadinessFacts): Verdict => {
    const runs = runsOf(requests).filter(({ rejected }) =>
      rejected.some((each) => rejectionOf(each) === rejection),
    );
    const proof: ObservedRequest[] = [];
    for (const { rejected, next } of runs) {
      const [first, second] = rejected;
      if (!second && !next) {
        return failed(
          `${nameOf(first!)} got ${status} and was never sent again.`,
          evidenceOfAll(first!),
        );
      }
      for (const [index, each] of rejected.entries()) {
        const following = rejected[index + 1] ?? next;
        if (rejectionOf(each) !== rejection || !following) continue;
        const pause = pauseBetween(each, following);
        if (pause < waitOf(each) - TOLERANCE_MILLISECONDS) {
          return failed(
            `${nameOf(each)} got ${status} with Retry-After: ${each.fault?.retry_after}, and was sent again after ${pause} ms.`,
            evidenceOfAll(each, following),
          );
        }
      }
      if (next && isSuccess(next)) proof.push(next);
    }
    const [one, ...others] = proof;
    if (!one) return notSeen(`No write got ${status} and succeeded when it was sent again.`);
    return passed(
      `Looked at ${counted(runs.length, "write")} that got ${status}: each was sent again, not before Retry-After. The first retry that succeeded: ${nameOf(one)}.`,
      evidenceOfAll(one, ...others),
    );
  };
}

/** A run of fewer rejections shows too few pauses. */
export const MIN_REJECTIONS = 4;
/** A later pause must be longer than the shortest one before it by this factor. */
const GROWTH = 1.1;
/** And by this much, so that the jitter of a client without pauses is not growth. */
const GROWTH_MILLISECONDS = 10;
/** Pauses up to this multiple of `Retry-After` may only wait for it. They don't show if the client's own grow. */
const HIDDEN = 1.5;

const listOf = (pauses: number[]): string => `${pauses.join(", ")} ms`;

export function checkGrowingPauses({ requests }: ReadinessFacts): Verdict {
  const runs = runsOf(requests)
    .filter(({ rejected }) => rejected.length >= MIN_REJECTIONS)
    .map(({ rejected, next }) => {
      const attempts = next ? [...rejected, next] : rejected;
      const pauses = attempts.slice(1).map((each, index) => pauseBetween(attempts[index]!, each));
      return { rejected, attempts, pauses };
    });
  const [one] = runs;
  if (!one)
    return notSeen(`No write was rejected with 503 or 429 ${MIN_REJECTIONS} times in a row.`);
  const constant = runs.filter(({ pauses }) => !isGrowing(pauses));
  const wrong = constant.find((each) => !isHidden(each));
  if (wrong) {
    return failed(
      `The pauses before the retries of ${nameOf(wrong.attempts[0]!)} did not grow: ${listOf(wrong.pauses)}.`,
      evidenceOf(wrong),
    );
  }
  const growing = runs.find(({ pauses }) => isGrowing(pauses));
  if (!growing) {
    return notSeen(
      `The pauses before the retries of ${nameOf(one.attempts[0]!)} were ${listOf(one.pauses)}: Retry-After may hide their growth. Set retry_after of the fault to 0.`,
    );
  }
  return passed(
    `Looked at ${counted(runs.length, "write")} that got 503 or 429 at least ${MIN_REJECTIONS} times in a row: the pauses grew, such as ${listOf(growing.pauses)}.`,
    evidenceOf(growing),
  );
}

const evidenceOf = ({ attempts }: { attempts: ObservedRequest[] }) => {
  const [first, ...others] = attempts;
  return evidenceOfAll(first!, ...others);
};

function isGrowing(pauses: number[]): boolean {
  let shortest = Infinity;
  return pauses.some((pause) => {
    if (hasGrown(shortest, pause)) return true;
    shortest = Math.min(shortest, pause);
    return false;
  });
}

const hasGrown = (shortest: number, pause: number): boolean =>
  pause >= Math.max(0, shortest) * GROWTH + GROWTH_MILLISECONDS;

const isHidden = ({ rejected, pauses }: Pick<Run, "rejected"> & { pauses: number[] }): boolean =>
  rejected.every(
    (each, index) => waitOf(each) > 0 && (pauses[index] ?? 0) <= waitOf(each) * HIDDEN,
  );
