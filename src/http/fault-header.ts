import { parseItem, serializeItem, Token } from "structured-headers";
import { withDefaults, type AppliedFault, type FaultName } from "../domain/faults.ts";
import { faultWithParameters } from "../schemas/faults.ts";
import { invalidRequest, type ApiError } from "./errors.ts";
import { InexactNumber } from "./json.ts";
import { describeValue, expectedSentence, violationsOf } from "./violations.ts";

export const FAULT_HEADER = "Sandbox-Fault";

/** Matches each parameter that is not a whole number. Messages repeat its text as sent. */
const DECIMAL_PARAMETERS = /;\s*([\w*.-]+)=(-?\d+\.\d*[1-9]\d*)/g;

/**
 * Parses `Sandbox-Fault`, an Item (RFC 9651) like `delay;delay_ms=3000`. `ms` is an earlier name of `delay_ms`.
 * Throws a 400 if the header is invalid.
 */
export function parseFaultHeader(header: string): AppliedFault {
  const { fault, parameters } = parseFaultItem(header);
  const { ms, ...others } = parameters;
  const parsed = faultWithParameters.safeParse(
    { fault, ...others, ...(ms !== undefined && { delay_ms: ms }) },
    { reportInput: true, error: expectedSentence },
  );
  if (parsed.success) return withDefaults(parsed.data);
  const [{ param, message }] = violationsOf(parsed.error, "header") as [
    { param: string; message: string },
  ];
  throw invalidHeader(`${param}: ${message}`.replace(/^(fault)?: /, ""));
}

function parseFaultItem(header: string) {
  const expected = "Expected the name of a fault, like lost_response or delay;delay_ms=3000";
  let item: ReturnType<typeof parseItem>;
  try {
    item = parseItem(header);
  } catch {
    throw invalidHeader(`${expected}, but received ${describeValue(header)}`);
  }
  const [name, parameters] = item;
  if (!(name instanceof Token)) {
    throw invalidHeader(`${expected}, but received ${describeValue(header)}`);
  }
  const unquoted = header.replace(/"(\\.|[^"\\])*"/g, "");
  // RFC 9651 ignores all but the last of repeated parameters, which would hide a mistake.
  const written = unquoted.split(";").length - 1;
  const isAmbiguous = parameters.has("ms") && parameters.has("delay_ms");
  if (written > parameters.size || isAmbiguous) {
    throw invalidHeader(`Expected each parameter once, but received ${describeValue(header)}`);
  }
  const decimals = [...unquoted.matchAll(DECIMAL_PARAMETERS)].map(
    ([, key, text]) => [key, new InexactNumber(text!)] as const,
  );
  return { fault: name.toString(), parameters: Object.fromEntries([...parameters, ...decimals]) };
}

function invalidHeader(message: string): ApiError {
  return invalidRequest([{ param: FAULT_HEADER, message }]);
}

/** The header that reports the fault, like `delay;id="…"`. */
export function appliedFaultHeader({ fault, id }: { fault: FaultName; id?: string }) {
  const parameters = new Map(id === undefined ? [] : [["id", id]]);
  return { "Sandbox-Fault-Applied": serializeItem([new Token(fault), parameters]) };
}
