/** Whether the client reads lists to their end, and sends only names of the contract. */
import { isExecuted } from "./creations.ts";
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

interface ListRequest {
  request: ObservedRequest;
  page: NonNullable<ObservedRequest["trace"]["page"]>;
}

export function checkLists({ requests }: ReadinessFacts): Verdict {
  const pages = requests.flatMap((request): ListRequest[] =>
    request.trace.page && request.status === 200 ? [{ request, page: request.trace.page }] : [],
  );
  const followed = Map.groupBy(pages, ({ page }) => `${page.list} ${page.after}`);
  const starts = pages.filter(({ page }) => page.after === undefined && page.has_more);
  const [first] = starts;
  if (!first) return notSeen("No list had more than one page.");
  const ends = starts.flatMap((start) => findEnd(start, followed) ?? []);
  const [end, ...others] = ends;
  if (end) {
    return passed(
      `Looked at ${counted(starts.length, "list")} with more than one page. ${ends.length} of them were read to the end: ${nameOf(end)} read the last page of one.`,
      evidenceOfAll(end, ...others),
    );
  }
  const left = `${counted(starts.length, "list")} had more pages, first ${nameOf(first.request)}, and none was read to its end.`;
  const isSearched = starts.some(({ page }) => followed.has(`${page.list} ${page.last}`));
  if (isSearched)
    return notSeen(
      `${left} The client read further pages but stopped before the end, as it would when searching for an item.`,
    );
  return failed(
    `${left} No request followed with starting_after. Read a list to its end to pass.`,
    evidenceOfAll(first.request, ...starts.slice(1).map(({ request }) => request)),
  );
}

/** The request for the last page of a list; undefined if the client stopped before. */
function findEnd(
  start: ListRequest,
  followed: Map<string, ListRequest[]>,
): ObservedRequest | undefined {
  let current = start;
  const seen = new Set<ListRequest>();
  while (current.page.has_more) {
    const { list, last } = current.page;
    const next = followed
      .get(`${list} ${last}`)
      ?.find((each) => each.request.at >= current.request.at && !seen.has(each));
    if (!next) return undefined;
    seen.add(next);
    current = next;
  }
  return current.request;
}

const WRONG_NAMES = new Set(["unknown_field", "unknown_parameter", "duplicate_field"]);

export function checkNames({ requests }: ReadinessFacts): Verdict {
  const wrong = requests.flatMap((request) =>
    (request.warnings ?? [])
      .filter(({ code }) => WRONG_NAMES.has(code))
      .map((warning) => ({ request, warning })),
  );
  const [first] = wrong;
  if (first) {
    const { code, param, did_you_mean } = first.warning;
    const advice = did_you_mean === undefined ? "" : ` (did you mean ${did_you_mean}?)`;
    return failed(
      `${nameOf(first.request)} has the ${code.replace("_", " ")} ${param}${advice}.`,
      evidenceOfAll(first.request, ...wrong.slice(1).map(({ request }) => request)),
    );
  }
  const [one, ...others] = requests.filter((each) => each.method !== "GET" && isExecuted(each));
  if (!one) return notSeen("No write was executed.");
  return passed(
    `Looked at ${counted(requests.length, "request")}: every field and parameter is in the contract.`,
    evidenceOfAll(one, ...others),
  );
}
