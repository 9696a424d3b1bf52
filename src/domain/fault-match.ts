import type { AnyFaultName, AnyMatch } from "./faults.ts";
import { isNotificationFault, NOTIFICATION_MATCH_FIELDS } from "./notification-faults.ts";
import { nearestOf } from "./nearest.ts";
import type { OrderEventType } from "./order-events.ts";
import { pathSegments, type RequestSubject } from "./request-subject.ts";

/** A fault applies to the requests that match every field. `path` is a pattern. */
export type FaultMatch = {
  [Name in keyof RequestSubject]?:
    | (Name extends "type" ? OrderEventType : RequestSubject[Name])
    | undefined;
};

type MatchField = keyof FaultMatch;

export function matchesRequest(match: FaultMatch, subject: RequestSubject): boolean {
  return mismatchedFields(match, subject).length === 0;
}

/** The fields of a match that don't fit a request. */
export function mismatchedFields(match: FaultMatch, subject: RequestSubject): MatchField[] {
  return (Object.keys(match) as MatchField[]).filter((field) => {
    const expected = match[field];
    if (expected === undefined) return false;
    return field === "path" ? !matchesPath(expected, subject.path) : subject[field] !== expected;
  });
}

/** Matches a path against a pattern: `:name` is any one segment, a final `*` any rest. */
export function matchesPath(pattern: string, path: string): boolean {
  return matchesSegments(pattern, pathSegments(path));
}

const isVariable = (segment: string) => /^:\w+$/.test(segment);

/** With `isVariablePath`, `actual` is the path of an operation, whose variables match any segment. */
function matchesSegments(pattern: string, actual: string[], isVariablePath = false): boolean {
  const isPrefix = pattern.endsWith("*");
  const expected = pathSegments(isPrefix ? pattern.slice(0, -1) : pattern);
  if (isPrefix ? actual.length < expected.length : actual.length !== expected.length) return false;
  return expected.every((segment, index) => {
    const given = actual[index]!;
    if (isVariablePath && isVariable(given)) return segment !== "" || isPrefix;
    if (isPrefix && index === expected.length - 1) return given.startsWith(segment);
    return isVariable(segment) ? given !== "" : given === segment;
  });
}

interface Operation {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  /** The fields of a match that its requests may contain. */
  fields: MatchField[];
}

const EVENT_IDS = ["order_id", "order_event_id", "partner_event_id"] as const;

/** The operations under /v2. A test compares them with the routes. */
export const OPERATIONS: Operation[] = [
  { method: "GET", path: "/v2/orders", fields: ["order_id", "partner_order_id"] },
  { method: "POST", path: "/v2/orders", fields: ["order_id", "partner_order_id"] },
  { method: "PUT", path: "/v2/orders/:order_id", fields: ["order_id", "partner_order_id"] },
  { method: "DELETE", path: "/v2/orders/:order_id", fields: ["order_id"] },
  { method: "GET", path: "/v2/order_events", fields: [...EVENT_IDS] },
  { method: "POST", path: "/v2/order_events", fields: [...EVENT_IDS, "type"] },
  { method: "DELETE", path: "/v2/order_events/:order_event_id", fields: ["order_event_id"] },
  { method: "POST", path: "/v2/simulate_transaction_event", fields: [] },
  { method: "GET", path: "/v2/transactions/:transaction_id", fields: [] },
  { method: "GET", path: "/v2/customers/:customer_id/transactions", fields: [] },
  { method: "POST", path: "/v2/keys", fields: [] },
  { method: "DELETE", path: "/v2/keys", fields: [] },
];

/** The field that keeps a match from ever matching. */
interface MatchProblem {
  field: keyof AnyMatch;
  expected: string;
}

/** The field that keeps a fault from ever applying. */
export function findMatchProblem(fault: AnyFaultName, match: AnyMatch): MatchProblem | undefined {
  const given = (Object.keys(match) as (keyof AnyMatch)[]).filter(
    (field) => match[field] !== undefined,
  );
  if (isNotificationFault(fault)) {
    const field = given.find((each) => !isOfNotification(each));
    const names = NOTIFICATION_MATCH_FIELDS.join(" or ");
    return field && { field, expected: `no ${field} with ${fault}, which matches by ${names}` };
  }
  const field = given.find(isOfNotification);
  if (field) return { field, expected: `no ${field} with ${fault}, which applies to requests` };
  return findRequestMatchProblem(match);
}

const isOfNotification = (field: string): boolean =>
  (NOTIFICATION_MATCH_FIELDS as readonly string[]).includes(field);

/** Narrows the operations down field by field, and returns the first field that leaves none. */
export function findRequestMatchProblem({
  path,
  method,
  ...ids
}: FaultMatch): MatchProblem | undefined {
  let operations = OPERATIONS;
  if (path !== undefined) {
    operations = operations.filter((each) => matchesSegments(path, each.path.split("/"), true));
    if (operations.length === 0) return { field: "path", expected: expectedPath(path) };
  }
  if (method !== undefined) {
    const methods = new Set(operations.map((each) => each.method));
    // HEAD is served wherever GET is.
    operations = operations.filter((each) => each.method === (method === "HEAD" ? "GET" : method));
    const expected = `${[...methods].join(" or ")}, the methods of ${path ?? "/v2"}`;
    if (operations.length === 0) return { field: "method", expected };
  }
  let requests = [`no ${method ?? "request"}`, ...(path === undefined ? [] : [path])].join(" to ");
  for (const field of Object.keys(ids) as (keyof typeof ids)[]) {
    if (ids[field] === undefined) continue;
    operations = operations.filter(({ fields }) => fields.includes(field));
    if (operations.length === 0) {
      return { field, expected: `no ${field}, since ${requests} has one` };
    }
    requests += ` with ${field}`;
  }
  return undefined;
}

function expectedPath(path: string): string {
  const paths = [...new Set(OPERATIONS.map((each) => each.path))];
  const nearest = nearestOf(path, paths);
  return nearest === undefined
    ? `the path of an operation: ${paths.join(" or ")}`
    : `the path of an operation (did you mean ${nearest}?)`;
}
