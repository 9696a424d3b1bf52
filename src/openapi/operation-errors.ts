import { ERROR_TYPES, type ErrorType } from "../schemas/errors.ts";

/** The errors that any body can cause. */
export const BODY_ERRORS: ErrorType[] = [
  "INVALID_REQUEST_ERROR",
  "REQUEST_TIMEOUT_ERROR",
  "PAYLOAD_TOO_LARGE_ERROR",
  "UNSUPPORTED_MEDIA_TYPE_ERROR",
];

/** Who may call an operation. */
export type Caller = "anyone" | "operator" | "partner";

/** The errors that every operation of a caller can return. */
export const ERRORS_OF_CALLER: Record<Caller, ErrorType[]> = {
  anyone: ["INTERNAL_ERROR"],
  operator: [
    "INTERNAL_ERROR",
    "AUTHENTICATION_ERROR",
    "NOT_FOUND_ERROR",
    "SERVICE_UNAVAILABLE_ERROR",
  ],
  partner: [
    "INTERNAL_ERROR",
    "AUTHENTICATION_ERROR",
    "RATE_LIMIT_ERROR",
    "SERVICE_UNAVAILABLE_ERROR",
  ],
};

/** The error that an invalid `Sandbox-Fault` causes on every operation under `/v2`. */
export const FAULT_HEADER_ERRORS: ErrorType[] = ["INVALID_REQUEST_ERROR"];

/** The statuses of errors that Imprint publishes. */
export const PUBLISHED_ERROR_STATUSES = new Set<number>([400, 401, 403, 404, 409]);

export function groupByStatus(types: Iterable<ErrorType>): Map<number, ErrorType[]> {
  return Map.groupBy<number, ErrorType>(new Set(types), (type) => ERROR_TYPES[type].status);
}
