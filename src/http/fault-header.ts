import { parseItem, serializeItem, Token } from "structured-headers";
import {
  FAULT_NAMES,
  MAX_DELAY_MILLISECONDS,
  type AppliedFault,
  type FaultName,
} from "../domain/faults.ts";
import { invalidRequest, type ApiError } from "./errors.ts";
import { describeValue } from "./violations.ts";

export const FAULT_HEADER = "Sandbox-Fault";

/** Parses `Sandbox-Fault`, an Item (RFC 9651) like `delay;ms=3000`. Throws a 400 if it is invalid. */
export function parseFaultHeader(header: string): AppliedFault {
  const { name, parameters } = parseFaultItem(header);
  const fault = FAULT_NAMES.find((each) => each === name);
  if (!fault) throw invalidHeader(header, FAULT_NAMES.join(" or "));
  const { ms = 0, ...others } = Object.fromEntries(parameters);
  if (Object.keys(others).length > 0) throw invalidHeader(header, "no parameter but ms");
  if (parameters.has("ms") && fault !== "delay") throw invalidHeader(header, "ms only with delay");
  if (isDelay(ms)) return { fault, delay_ms: ms };
  throw invalidHeader(header, `ms to be a whole number from 0 to ${MAX_DELAY_MILLISECONDS}`);
}

function parseFaultItem(header: string) {
  try {
    const [name, parameters] = parseItem(header);
    return { name: name instanceof Token ? name.toString() : undefined, parameters };
  } catch {
    throw invalidHeader(
      header,
      "the name of a fault, like lost_response or delay;ms=3000 (RFC 9651)",
    );
  }
}

function isDelay(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_DELAY_MILLISECONDS;
}

function invalidHeader(header: string, expected: string): ApiError {
  const message = `Expected ${expected}, but received ${describeValue(header)}`;
  return invalidRequest([{ param: FAULT_HEADER, message }]);
}

/** The header that reports the fault, like `delay;id="…"`. */
export function appliedFaultHeader({ fault, id }: { fault: FaultName; id?: string }) {
  const parameters = new Map(id === undefined ? [] : [["id", id]]);
  return { "Sandbox-Fault-Applied": serializeItem([new Token(fault), parameters]) };
}
