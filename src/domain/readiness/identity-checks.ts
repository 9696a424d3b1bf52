/** Whether each creation can be repeated safely. */
import {
  contentKeyOf,
  creationsOf,
  isCreation,
  isExecuted,
  isIdTaken,
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
  type Verdict,
} from "./verdict.ts";

const isRepeatable = ({ trace }: ObservedRequest): boolean =>
  trace.has_own_id === true || trace.idempotency_key !== undefined;

export function checkRepeatable({ requests }: ReadinessFacts): Verdict {
  const created = requests.filter((each) => isCreation(each) && isExecuted(each));
  const [first, ...others] = created;
  if (!first) return notSeen("No order or event was created.");
  const [unsafe, ...more] = created.filter((each) => !isRepeatable(each));
  const looked = `Looked at ${counted(created.length, "creation")}`;
  if (!unsafe) {
    return passed(
      `${looked}: all have an ID of their own or an Idempotency-Key.`,
      evidenceOfAll(first, ...others),
    );
  }
  return failed(
    `${looked}: ${counted(more.length + 1, "request")} had neither an ID nor an Idempotency-Key, first ${nameOf(unsafe)}.`,
    evidenceOfAll(unsafe, ...more),
  );
}

export function checkDistinct(facts: ReadinessFacts): Verdict {
  const creations = creationsOf(facts.requests);
  const [first, second, ...others] = creations.flatMap(({ attempts }) =>
    attempts.filter((each) => isExecuted(each) && isRepeatable(each)).slice(0, 1),
  );
  for (const creation of creations) {
    const clash = findClash(creation, facts);
    if (!clash) continue;
    const [earlier, later] = clash;
    return failed(
      `${nameOf(later)} has the ID or Idempotency-Key of ${nameOf(earlier)}, and other content.`,
      evidenceOfAll(later, earlier),
    );
  }
  if (!first || !second) {
    return notSeen("Fewer than two orders or events were created with an ID or Idempotency-Key.");
  }
  return passed(
    `Looked at ${counted(others.length + 2, "creation")}: no two share an ID or an Idempotency-Key.`,
    evidenceOfAll(first, second, ...others),
  );
}

/** Two attempts with the same ID or key, but different content. */
function findClash(
  { attempts }: Creation,
  { assume }: ReadinessFacts,
): [ObservedRequest, ObservedRequest] | undefined {
  const [first, ...others] = attempts;
  if (!first) return undefined;
  const isOther = (each: ObservedRequest) => contentKeyOf(each) !== contentKeyOf(first);
  const clash = others.find((each) => {
    if (each.error?.type === "IDEMPOTENCY_ERROR") return true;
    // With `duplicate_ids: conflict`, repeating the same content is refused too.
    if (isIdTaken(each)) return assume.duplicate_ids === "replay" || isOther(each);
    return assume.idempotency_key === "ignored" && isExecuted(each) && isOther(each);
  });
  return clash && [first, clash];
}
