/** Whether the client retries after a lost or altered response, and the request takes effect once. */
import type { FaultName } from "../faults.ts";
import {
  contentKeyOf,
  creationsOf,
  isExecuted,
  isIdTaken,
  isSuccess,
  namesFoundBy,
  namesOf,
  type Creation,
} from "./creations.ts";
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

/** Checks the creations that took effect, but whose response one of these faults altered. `symptom` describes that. */
export function checkRetries(faults: readonly FaultName[], symptom: string) {
  return (facts: ReadinessFacts): Verdict => {
    const creations = creationsOf(facts.requests);
    const affected = creations.flatMap((creation) => {
      const last = creation.attempts.findLast((each) => isAffected(each, faults));
      return last ? [{ creation, last }] : [];
    });
    const [one] = affected;
    if (!one) return notSeen(`No creation ${symptom}.`);
    const reads = readsOf(facts.requests);
    const confirmations: ObservedRequest[] = [];
    for (const each of affected) {
      const confirmation = confirmationOf(each, reads);
      const failure = findFailure(each, creations, confirmation);
      if (failure) return failed(`${nameOf(each.last)} ${symptom}${failure.why}`, failure.evidence);
      confirmations.push(confirmation!);
    }
    const evidence = affected.flatMap(({ last }, index) =>
      evidenceOfAll(last, confirmations[index]!),
    );
    const read = confirmations.find(({ method }) => method === "GET");
    const found = read ? `, or found by its ID, first with ${nameOf(read)}` : "";
    return passed(
      `Looked at ${counted(affected.length, "creation")} that ${symptom}, first ${nameOf(one.last)}: each was sent again with the same ID or Idempotency-Key${found}. Each took effect once.`,
      evidence as [Evidence, ...Evidence[]],
    );
  };
}

const isAffected = (
  { fault, ...request }: ObservedRequest,
  faults: readonly FaultName[],
): boolean =>
  fault !== null &&
  faults.includes(fault.fault) &&
  (request.replayed === true || isExecuted({ fault, ...request }));

interface Affected {
  creation: Creation;
  last: ObservedRequest;
}

/** For each creation: the next read that found its order or event. Walks backwards, so that it looks once at each. */
function readsOf(requests: readonly ObservedRequest[]): Map<ObservedRequest, ObservedRequest> {
  const next = new Map<string, ObservedRequest>();
  const reads = new Map<ObservedRequest, ObservedRequest>();
  for (const request of requests.toReversed()) {
    for (const name of namesFoundBy(request)) next.set(name, request);
    const found = namesOf(request).flatMap((name) => next.get(name) ?? []);
    const [first] = found.toSorted((a, b) => a.at - b.at);
    if (first) reads.set(request, first);
  }
  return reads;
}

/** A retry that reports success, or a read that found the order or event. A refused ID alone confirms nothing. */
function confirmationOf(
  { creation: { attempts }, last }: Affected,
  reads: Map<ObservedRequest, ObservedRequest>,
): ObservedRequest | undefined {
  const later = attempts.slice(attempts.indexOf(last) + 1);
  return later.find(isSuccess) ?? reads.get(last);
}

function findFailure(
  each: Affected,
  creations: Creation[],
  confirmation: ObservedRequest | undefined,
): { why: string; evidence: [Evidence, ...Evidence[]] } | undefined {
  const { creation, last } = each;
  const { attempts } = creation;
  const [first, second, ...more] = attempts.filter(isExecuted);
  if (first && second) {
    return {
      why: `, and it was sent again without an ID that the server recognized: it took effect ${more.length + 2} times.`,
      evidence: evidenceOfAll(first, second, ...more),
    };
  }
  if (confirmation) return undefined;
  const copy = findCopy(last, creation, creations);
  if (copy) {
    return {
      why: `, and was sent again under another ID: ${nameOf(copy)} took effect too.`,
      evidence: evidenceOfAll(last, copy),
    };
  }
  const retry = attempts[attempts.indexOf(last) + 1];
  if (!retry)
    return {
      why: ", and was neither sent again nor read by its ID.",
      evidence: evidenceOfAll(last),
    };
  const advice = isIdTaken(retry) ? " The client must then read it by its ID." : "";
  return {
    why: `, and was sent again, but the response was ${retry.status ?? "lost"}.${advice}`,
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
