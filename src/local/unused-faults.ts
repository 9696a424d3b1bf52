/** Explains why a fault was not used up. */
import { mismatchedFields } from "../domain/fault-match.ts";
import { isNotificationFault } from "../domain/notification-faults.ts";
import type { RequestSubject } from "../domain/request-subject.ts";
import type { Fault, RecordedRequest, RequestFilter } from "./environment.ts";
import { printable } from "./printable.ts";
import { SandboxError } from "./sandbox-error.ts";

/** The maximum number of nearly matching requests in a sentence. */
const MAX_NAMED_REQUESTS = 3;

/** Rejects with a sentence for each fault that has uses left. */
export async function assertFaultsUsed(
  list: () => Promise<Fault[]>,
  requestsOf: (filter: RequestFilter) => Promise<RecordedRequest[]>,
): Promise<void> {
  const unused = await list();
  if (unused.length === 0) return;
  const since = unused
    .map(({ created_at }) => created_at)
    .toSorted()
    .at(0)!;
  const requests = await requestsOf({ since });
  const sentences = unused.map((fault) => sentenceOf(fault, requests));
  throw new SandboxError(sentences.join("\n"), { cause: unused });
}

function sentenceOf(fault: Fault, requests: RecordedRequest[]): string {
  const { remaining, times, match } = fault;
  const wanted = Object.entries(match).map(([field, value]) => `${field} ${printable(value)}`);
  const left = `The fault ${fault.fault} was not used up: ${remaining} of ${times} times are left. It matches ${wanted.join(", ") || "anything"}.`;
  if (isNotificationFault(fault.fault)) return left;
  const near = nearestOf(fault, requests);
  if (near.length > 0) return `${left} Nearly matched: ${near.join("; ")}.`;
  return `${left} ${requests.length === 0 ? "No request followed it." : "No other request followed it."}`;
}

/** The requests that differ from the match in the fewest fields, newest first. */
function nearestOf({ match }: Fault, requests: RecordedRequest[]): string[] {
  const differing = requests.flatMap((request) => {
    const subject = subjectOf(request);
    const fields = mismatchedFields(match, subject);
    return fields.length === 0 ? [] : [{ request, subject, fields }];
  });
  const least = Math.min(...differing.map(({ fields }) => fields.length));
  return differing
    .filter(({ fields }) => fields.length === least)
    .slice(0, MAX_NAMED_REQUESTS)
    .map(({ request: { method, path }, subject, fields }) => {
      const differences = fields.map(
        (field) => `${field} was ${printable(subject[field] ?? "not set")}`,
      );
      return `${method} ${path} (${differences.join(", ")})`;
    });
}

/** The fields of a recorded request that faults match. */
function subjectOf({ content, ...request }: RecordedRequest): RequestSubject {
  const type = content?.event_type;
  return { ...request, ...(type && { type }) };
}
