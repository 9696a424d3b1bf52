/** Whether the client can change its API key without an outage. */
import { isSuccess } from "./creations.ts";
import type { ObservedRequest, ReadinessFacts } from "./facts.ts";
import { evidenceOfAll, failed, nameOf, notSeen, passed, type Verdict } from "./verdict.ts";

const isOnKeys = ({ method, path, status }: ObservedRequest, wanted: string): boolean =>
  path === "/v2/keys" && method === wanted && status === 200;

export function checkKeyRotation({ requests }: ReadinessFacts): Verdict {
  const creations = requests.filter((each) => isOnKeys(each, "POST"));
  if (creations.length === 0) return notSeen("No second API key was created.");
  const verdicts = creations.map((created) => checkRotation(created, requests));
  return (
    verdicts.find(({ status }) => status === "passed") ??
    verdicts.find(({ status }) => status === "failed") ??
    verdicts.at(-1)!
  );
}

/** The rotation that begins with the creation of a key. */
function checkRotation(created: ObservedRequest, requests: readonly ObservedRequest[]): Verdict {
  const { key_id } = created.trace;
  const later = requests.slice(requests.indexOf(created) + 1);
  const at = later.findIndex((each) => isOnKeys(each, "DELETE") && each.trace.key_id === key_id);
  const deleted = later[at];
  if (!deleted)
    return notSeen(`${nameOf(created)} created a key, and the first one was not deleted.`);
  const isByNew = (each: ObservedRequest) => each.trace.key_id !== key_id && isSuccess(each);
  const before = later.slice(0, at).find(isByNew);
  const after = later.slice(at + 1).find(isByNew);
  if (!before) {
    return failed(
      `${nameOf(deleted)} deleted the first key before the second one was used.`,
      evidenceOfAll(deleted, created),
    );
  }
  if (!after) {
    return notSeen(
      `No request with the second key followed ${nameOf(deleted)}, which deleted the first.`,
    );
  }
  return passed(
    `${nameOf(created)} created a key, ${nameOf(before)} used it, and after ${nameOf(deleted)} had deleted the first one, requests went on.`,
    evidenceOfAll(created, before, deleted),
  );
}
