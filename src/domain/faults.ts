import { matchesRequest, type FaultMatch } from "./fault-match.ts";
import type { RequestSubject } from "./request-subject.ts";

/** What can be set of a fault, apart from which requests it applies to. */
export interface FaultParameters {
  delay_ms: number;
  status: number;
  /** In seconds. */
  retry_after: number;
}

interface FaultDefinition {
  /** Whether the request takes effect. Otherwise it is rejected before validation. */
  executes: boolean;
  /** How much of the response the client receives. */
  delivers: "everything" | "part" | "nothing";
  /** The parameters it takes, with their defaults. */
  parameters: { [Name in keyof FaultParameters]?: FaultParameters[Name] | "required" };
  /** What the client receives, for the reference. */
  effect: string;
}

/** Every fault. The API, the reference and the types follow from this record. */
export const FAULTS = {
  error: {
    executes: false,
    delivers: "everything",
    parameters: { status: 500 },
    effect: "an error with `status`",
  },
  unavailable: {
    executes: false,
    delivers: "everything",
    parameters: { retry_after: 1 },
    effect: "503 with `Retry-After`",
  },
  rate_limited: {
    executes: false,
    delivers: "everything",
    parameters: { retry_after: 1 },
    effect: "429 with `Retry-After`",
  },
  delay: {
    executes: true,
    delivers: "everything",
    parameters: { delay_ms: "required" },
    effect: "the response, `delay_ms` late",
  },
  slow_body: {
    executes: true,
    delivers: "everything",
    parameters: { delay_ms: "required" },
    effect: "the status and headers, then the body in pieces over `delay_ms`",
  },
  error_after_commit: {
    executes: true,
    delivers: "everything",
    parameters: { status: 500 },
    effect: "an error with `status`",
  },
  bad_gateway: {
    executes: true,
    delivers: "everything",
    parameters: {},
    effect: "502 with a proxy's HTML page",
  },
  gateway_timeout: {
    executes: true,
    delivers: "everything",
    parameters: {},
    effect: "504 with a proxy's HTML page",
  },
  lost_response: {
    executes: true,
    delivers: "nothing",
    parameters: {},
    effect: "no response: the connection closes",
  },
  cut_response: {
    executes: true,
    delivers: "part",
    parameters: {},
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

/** Whether the fault delays all or part of a response, which is held in memory meanwhile. */
export function isDelaying(name: FaultName): boolean {
  return "delay_ms" in FAULTS[name].parameters;
}

/** The error of a response that a fault interrupts. The local program doesn't report it as a failure. */
export const INTERRUPTED_BY_FAULT = "interrupted by a fault";

/** The most faults that an environment can have at a time. */
export const MAX_FAULTS = 100;
/** The most requests that one fault can apply to. */
export const MAX_FAULT_TIMES = 1_000;
/** The most matching requests that a fault can let through first. */
export const MAX_FAULT_SKIP = 1_000;
export const MAX_DELAY_MILLISECONDS = 60_000;
export const MAX_RETRY_AFTER_SECONDS = 86_400;

/** A fault that applies to a request. One from the `Sandbox-Fault` header has no ID. */
export interface AppliedFault extends Partial<FaultParameters> {
  id?: string;
  fault: FaultName;
  delay_ms: number;
}

type InputParameters = { [Name in keyof FaultParameters]?: FaultParameters[Name] | undefined };

export interface NewFault extends InputParameters {
  fault: FaultName;
  times?: number | undefined;
  skip?: number | undefined;
  match?: FaultMatch | undefined;
}

export interface StoredFault extends AppliedFault {
  id: string;
  /** How many requests it applies to. */
  times: number;
  /** How many of these are left. */
  remaining: number;
  /** How many matching requests it lets through first. */
  skip: number;
  match: FaultMatch;
  /** RFC 3339. */
  created_at: string;
}

export function createFault(
  { times = 1, skip = 0, match = {}, ...fault }: NewFault,
  { id, created_at }: Pick<StoredFault, "id" | "created_at">,
): StoredFault {
  return { id, ...withDefaults(fault), times, remaining: times, skip, match, created_at };
}

/** A fault with the defaults of the parameters that were left out. */
export function withDefaults({ fault, ...given }: InputParameters & { fault: FaultName }) {
  const { parameters }: FaultDefinition = FAULTS[fault];
  const applied: AppliedFault = { fault, delay_ms: 0 };
  for (const name of Object.keys(parameters) as (keyof FaultParameters)[]) {
    const value = given[name] ?? parameters[name];
    if (typeof value === "number") applied[name] = value;
  }
  return applied;
}

/** A parameter that a fault lacks, or does not take. */
export interface ParameterProblem {
  name: keyof FaultParameters;
  expected: string;
}

export function findParameterProblem({
  fault,
  ...given
}: InputParameters & { fault: FaultName }): ParameterProblem | undefined {
  const { parameters }: FaultDefinition = FAULTS[fault];
  for (const name of ["delay_ms", "status", "retry_after"] as const) {
    const isMissing = given[name] === undefined;
    if (isMissing && parameters[name] === "required") {
      return { name, expected: `a value, which ${fault} needs` };
    }
    if (!isMissing && parameters[name] === undefined) {
      const takers = FAULT_NAMES.filter((each) => name in FAULTS[each].parameters);
      return { name, expected: `none with ${fault}: only ${takers.join(" and ")} have it` };
    }
  }
  return undefined;
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
