/** What can be made to happen to a request, by name: see the table of faults in the reference. */
export const FAULTS = [
  "error",
  "unavailable",
  "rate_limited",
  "delay",
  "error_after_commit",
  "gateway_timeout",
  "lost_response",
  "cut_response",
] as const;
export type FaultName = (typeof FAULTS)[number];

/** The faults whose request is not done: it is answered before anything of it is looked at. */
const NOT_DONE = ["error", "unavailable", "rate_limited"] as const;
export type FaultNotDone = (typeof NOT_DONE)[number];

/** Whether a request on which the fault acts takes effect nevertheless. */
export function isDone(fault: FaultName): fault is Exclude<FaultName, FaultNotDone> {
  return !(NOT_DONE as readonly string[]).includes(fault);
}

/** The error of a response that a fault interrupts. The local program doesn't report it as a failure. */
export const INTERRUPTED_BY_FAULT = "interrupted by a fault";

/** The most faults that an environment has at a time. */
export const MAX_FAULTS = 1_000;
/** How often a fault can act at most. */
export const MAX_FAULT_TIMES = 1_000;
/** The longest delay. */
export const MAX_DELAY_MILLISECONDS = 60_000;

/** A fault that acts on a request: a stored one has an id, the header's has none. */
export interface AppliedFault {
  id?: string;
  fault: FaultName;
  delay_ms: number;
}

/** What a request says that it is about: the ids in its path, its query and its body. */
export interface RequestIds {
  order_id?: string;
  partner_order_id?: string;
  order_event_id?: string;
  partner_event_id?: string;
}

/** What a fault is matched against. */
export interface RequestSubject extends RequestIds {
  method: string;
  /** As it is in the URL. */
  path: string;
}

/** Which requests a fault acts on: those that are all of this. `path` is a pattern. */
export type FaultMatch = { [Name in keyof RequestSubject]?: RequestSubject[Name] | undefined };

/** A fault as it is asked for. */
export interface NewFault {
  fault: FaultName;
  times?: number | undefined;
  skip?: number | undefined;
  delay_ms?: number | undefined;
  match?: FaultMatch | undefined;
}

/** A fault as it is stored. Timestamps are RFC 3339. */
export interface StoredFault {
  id: string;
  fault: FaultName;
  times: number;
  /** How often it will still act. */
  remaining: number;
  skip: number;
  delay_ms: number;
  match: FaultMatch;
  created_at: string;
}

/**
 * The ids that a request names, in its path, else its body, else its query. The `id` of an order is its
 * `order_id`. What is no text names nothing.
 */
export function idsOf(
  path: string,
  body: Record<string, unknown>,
  query: Record<string, unknown>,
): RequestIds {
  const [, , resource, inPath] = segmentsOf(path);
  const named = (field: string) => [body[field], query[field]].find((id) => typeof id === "string");
  const isOfOrders = resource === "orders";
  const ids = {
    order_id: isOfOrders ? (inPath ?? named("id")) : named("order_id"),
    partner_order_id: named("partner_order_id"),
    order_event_id: isOfOrders ? undefined : (inPath ?? named("order_event_id")),
    partner_event_id: named("partner_event_id"),
  };
  return Object.fromEntries(Object.entries(ids).filter(([, id]) => id !== undefined));
}

/** Whether a path is as a pattern has it: `:name` is any one segment, `*` at the end any rest. */
export function matchesPath(pattern: string, path: string): boolean {
  const isOpen = pattern.endsWith("*");
  const wanted = segmentsOf(isOpen ? pattern.slice(0, -1) : pattern);
  const came = segmentsOf(path);
  if (isOpen ? came.length < wanted.length : came.length !== wanted.length) return false;
  return wanted.every((segment, index) => {
    const given = came[index]!;
    if (isOpen && index === wanted.length - 1) return given.startsWith(segment);
    return /^:\w+$/.test(segment) ? given !== "" : given === segment;
  });
}

function segmentsOf(path: string): string[] {
  return path.split("/").map((segment) => {
    try {
      return decodeURIComponent(segment);
    } catch {
      return segment;
    }
  });
}

function matches({ path, ...match }: FaultMatch, subject: RequestSubject): boolean {
  if (path !== undefined && !matchesPath(path, subject.path)) return false;
  return Object.entries(match).every(
    ([name, value]) => value === undefined || subject[name as keyof RequestSubject] === value,
  );
}

/**
 * Which of these faults, oldest first, acts on a request, and which older ones let it through because of their
 * `skip`. A younger one is not reached.
 */
export function chooseFault<F extends { match: FaultMatch; skip_remaining: number }>(
  faults: F[],
  subject: RequestSubject,
): { acting: F | undefined; passed: F[] } {
  const reached = faults.filter(({ match }) => matches(match, subject));
  const index = reached.findIndex(({ skip_remaining }) => skip_remaining === 0);
  const acting = reached[index];
  return { acting, passed: acting ? reached.slice(0, index) : reached };
}
