/** Whether the client retries after a lost or altered response, and the request takes effect once. */
import type { FaultName } from "../faults.ts";
import { confirms, contentKeyOf, creationsOf, isExecuted, type Creation } from "./creations.ts";
import type { ObservedRequest, ReadinessFacts } from "./facts.ts";
import {
  counted,
  evidenceOfAll,
  failed,
  nameOf,
  notSeen,
  passed,
  type Evidence,
  type Verdict,
} from "./verdict.ts";

/** Checks the creations that took effect, but whose response one of these faults altered. */
export function checkRetries(faults: readonly FaultName[], harm: string) {
  return (facts: ReadinessFacts): Verdict => {
    const creations = creationsOf(facts.requests);
    const harmed = creations.flatMap((creation) => {
      const last = creation.attempts.findLast((each) => isHarmed(each, faults));
      return last ? [{ creation, last }] : [];
    });
    const [one] = harmed;
    if (!one) return notSeen(`No creation ${harm}.`);
    for (const each of harmed) {
      const failure = findFailure(each, creations, facts);
      if (failure) return failed(`${nameOf(each.last)} ${harm}${failure.why}`, failure.evidence);
    }
    const evidence = harmed.flatMap(({ creation, last }) =>
      evidenceOfAll(last, confirmationOf(creation, last, facts)!),
    );
    return passed(
      `Looked at ${counted(harmed.length, "creation")} that ${harm}, first ${nameOf(one.last)}: each was sent again with the same ID or Idempotency-Key, and took effect once.`,
      evidence as [Evidence, ...Evidence[]],
    );
  };
}

const isHarmed = ({ fault, ...request }: ObservedRequest, faults: readonly FaultName[]): boolean =>
  fault !== null &&
  faults.includes(fault.fault) &&
  (request.replayed === true || isExecuted({ fault, ...request }));

interface Harmed {
  creation: Creation;
  last: ObservedRequest;
}

function confirmationOf(
  { attempts }: Creation,
  after: ObservedRequest,
  { assume }: ReadinessFacts,
): ObservedRequest | undefined {
  return attempts.slice(attempts.indexOf(after) + 1).find((each) => confirms(each, assume));
}

function findFailure(
  { creation, last }: Harmed,
  creations: Creation[],
  facts: ReadinessFacts,
): { why: string; evidence: [Evidence, ...Evidence[]] } | undefined {
  const { attempts } = creation;
  const [first, second, ...more] = attempts.filter(isExecuted);
  if (first && second) {
    return {
      why: `, and it was sent again without an ID that the server recognized: it took effect ${more.length + 2} times.`,
      evidence: evidenceOfAll(first, second, ...more),
    };
  }
  if (confirmationOf(creation, last, facts)) return undefined;
  const copy = findCopy(last, creation, creations);
  if (copy) {
    return {
      why: `, and was sent again under another ID: ${nameOf(copy)} took effect too.`,
      evidence: evidenceOfAll(last, copy),
    };
  }
  const retry = attempts[attempts.indexOf(last) + 1];
  if (!retry) return { why: ", and was never sent again.", evidence: evidenceOfAll(last) };
  return {
    why: `, and was sent again, but the response was ${retry.status ?? "lost"}.`,
    evidence: evidenceOfAll(last, retry),
  };
}

/** A later creation of the same order or event under another ID. */
function findCopy(
  original: ObservedRequest,
  own: Creation,
  creations: Creation[],
): ObservedRequest | undefined {
  const content = contentKeyOf(original);
  return creations
    .filter((each) => each !== own)
    .flatMap(({ attempts }) => attempts)
    .find((each) => each.at >= original.at && isExecuted(each) && contentKeyOf(each) === content);
}
