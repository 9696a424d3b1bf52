import { matchesRequest, type FaultMatch } from "./fault-match.ts";
import type { RequestSubject } from "./request-subject.ts";

interface FaultDefinition {
  /** Whether the request takes effect. Otherwise it is rejected before validation. */
  executes: boolean;
  /** How much of the response the client receives. */
  delivers: "everything" | "part" | "nothing";
  /** What the client receives, for the reference. */
  effect: string;
}

/** Every fault. The API, the reference and the types follow from this record. */
export const FAULTS = {
  error: { executes: false, delivers: "everything", effect: "500, with an error" },
  unavailable: { executes: false, delivers: "everything", effect: "503, with `Retry-After`" },
  rate_limited: { executes: false, delivers: "everything", effect: "429, with `Retry-After`" },
  delay: { executes: true, delivers: "everything", effect: "the response, `delay_ms` late" },
  error_after_commit: { executes: true, delivers: "everything", effect: "500, with an error" },
  gateway_timeout: {
    executes: true,
    delivers: "everything",
    effect: "504, with the HTML page of a proxy",
  },
  lost_response: {
    executes: true,
    delivers: "nothing",
    effect: "no response: the connection closes",
  },
  cut_response: {
    executes: true,
    delivers: "part",
    effect: "the status, the headers and half of the body, then the connection closes",
  },
} as const satisfies Record<string, FaultDefinition>;

export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as FaultName[];

/** The faults that reject the request. */
export type RejectingFault = {
  [Name in FaultName]: (typeof FAULTS)[Name]["executes"] extends false ? Name : never;
}[FaultName];
/** The faults that execute the request, and alter its response. */
export type AlteringFault = Exclude<FaultName, RejectingFault>;

export function isRejecting(name: FaultName): name is RejectingFault {
  return !FAULTS[name].executes;
}

/** The error of a response that a fault interrupts. The local program doesn't report it as a failure. */
export const INTERRUPTED_BY_FAULT = "interrupted by a fault";

/** The most faults that an environment can have at a time. */
export const MAX_FAULTS = 100;
/** The most requests that one fault can apply to. */
export const MAX_FAULT_TIMES = 1_000;
export const MAX_DELAY_MILLISECONDS = 60_000;

/** A fault that applies to a request. One from the `Sandbox-Fault` header has no ID. */
export interface AppliedFault {
  id?: string;
  fault: FaultName;
  delay_ms: number;
}

export interface NewFault {
  fault: FaultName;
  times?: number | undefined;
  skip?: number | undefined;
  delay_ms?: number | undefined;
  match?: FaultMatch | undefined;
}

export interface StoredFault {
  id: string;
  fault: FaultName;
  /** How many requests it applies to. */
  times: number;
  /** How many of these are left. */
  remaining: number;
  /** How many matching requests it lets through first. */
  skip: number;
  delay_ms: number;
  match: FaultMatch;
  /** RFC 3339. */
  created_at: string;
}

export function createFault(
  { fault, times = 1, skip = 0, delay_ms = 0, match = {} }: NewFault,
  { id, created_at }: Pick<StoredFault, "id" | "created_at">,
): StoredFault {
  return { id, fault, times, remaining: times, skip, delay_ms, match, created_at };
}

/**
 * Chooses the fault that applies to a request: the oldest one that matches and has nothing left to skip.
 * `skipped` are the older ones that let the request through.
 *
 * @param faults Oldest first.
 */
export function chooseFault<F extends { match: FaultMatch; skip_remaining: number }>(
  faults: F[],
  subject: RequestSubject,
): { applied: F | undefined; skipped: F[] } {
  const matching = faults.filter(({ match }) => matchesRequest(match, subject));
  const index = matching.findIndex(({ skip_remaining }) => skip_remaining === 0);
  if (index === -1) return { applied: undefined, skipped: matching };
  return { applied: matching[index], skipped: matching.slice(0, index) };
}
