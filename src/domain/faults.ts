import type { FaultMatch } from "./fault-match.ts";
import {
  NOTIFICATION_FAULTS,
  type NotificationFaultName,
  type NotificationMatch,
} from "./notification-faults.ts";

/** The settings of a fault, apart from its match. */
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

/** Every fault of a request. The API, the reference and the types follow from this record. */
export const FAULTS = {
  error: {
    executes: false,
    delivers: "everything",
    parameters: { status: 500 },
    effect: "an error (500 by default)",
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
    effect: "the response, late",
  },
  slow_body: {
    executes: true,
    delivers: "everything",
    parameters: { delay_ms: "required" },
    effect: "the status and headers, then the body slowly, in pieces",
  },
  error_after_commit: {
    executes: true,
    delivers: "everything",
    parameters: { status: 500 },
    effect: "an error (500 by default)",
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

/** A fault of a request or of a notification. */
export type AnyFaultName = FaultName | NotificationFaultName;

const PARAMETERS: Record<AnyFaultName, FaultDefinition["parameters"]> = Object.fromEntries(
  Object.entries({ ...FAULTS, ...NOTIFICATION_FAULTS }).map(([name, { parameters }]) => [
    name,
    parameters,
  ]),
) as Record<AnyFaultName, FaultDefinition["parameters"]>;
export const ANY_FAULT_NAMES = Object.keys(PARAMETERS) as AnyFaultName[];

/** The faults that reject the request. */
export type RejectingFault = {
  [Name in FaultName]: (typeof FAULTS)[Name]["executes"] extends false ? Name : never;
}[FaultName];
/** The faults that execute the request, and alter its response. */
export type AlteringFault = Exclude<FaultName, RejectingFault>;

export function isRejecting(name: FaultName): name is RejectingFault {
  return !FAULTS[name].executes;
}

/** Whether the fault delays a notification or a response. A delayed response is held in memory. */
export function isDelaying(name: AnyFaultName): boolean {
  return "delay_ms" in PARAMETERS[name];
}

/** The message of the error that interrupts a response. The local program doesn't report it as a failure. */
export const INTERRUPTED_BY_FAULT = "interrupted by a fault";

/** The maximum number of faults that an environment can have at a time. */
export const MAX_FAULTS = 100;
/** The maximum number of requests or notifications that one fault can apply to. */
export const MAX_FAULT_TIMES = 1_000;
/** The maximum number of matching requests or notifications that a fault can let through first. */
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

/** The fields that requests match by, and those that notifications match by. A fault uses one of the two sets. */
export type AnyMatch = FaultMatch & NotificationMatch;

interface NewFault extends InputParameters {
  fault: AnyFaultName;
  times?: number | undefined;
  skip?: number | undefined;
  match?: AnyMatch | undefined;
}

export interface StoredFault extends Omit<AppliedFault, "fault"> {
  id: string;
  fault: AnyFaultName;
  /** How many requests or notifications it applies to. */
  times: number;
  /** How many of these are left. */
  remaining: number;
  /** How many matching requests or notifications it lets through first. */
  skip: number;
  match: AnyMatch;
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
export function withDefaults<Name extends AnyFaultName>({
  fault,
  ...given
}: InputParameters & { fault: Name }) {
  const parameters = PARAMETERS[fault];
  const applied: Partial<FaultParameters> & { fault: Name; delay_ms: number } = {
    fault,
    delay_ms: 0,
  };
  for (const name of Object.keys(parameters) as (keyof FaultParameters)[]) {
    const value = given[name] ?? parameters[name];
    if (typeof value === "number") applied[name] = value;
  }
  return applied;
}

/** A parameter that a fault lacks, or does not take. */
interface ParameterProblem {
  name: keyof FaultParameters;
  expected: string;
}

export function findParameterProblem({
  fault,
  ...given
}: InputParameters & { fault: AnyFaultName }): ParameterProblem | undefined {
  const parameters = PARAMETERS[fault];
  for (const name of ["delay_ms", "status", "retry_after"] as const) {
    const isMissing = given[name] === undefined;
    if (isMissing && parameters[name] === "required") {
      return { name, expected: `a value, which ${fault} needs` };
    }
    if (!isMissing && parameters[name] === undefined) {
      const takers = ANY_FAULT_NAMES.filter((each) => name in PARAMETERS[each]);
      return { name, expected: `none with ${fault}: only ${takers.join(" and ")} take it` };
    }
  }
  return undefined;
}
