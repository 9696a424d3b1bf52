/** The error types that a rule can return, a part of those in `schemas/errors.ts`, with their HTTP statuses. */
export const REFUSAL_STATUSES = {
  INVALID_REQUEST_ERROR: 400,
  ORDER_NOT_FOUND_ERROR: 404,
  ORDER_EVENT_NOT_FOUND_ERROR: 404,
  // The contract's name for a transaction that isn't found.
  TRANSACTION_FOUND_ERROR: 404,
  CUSTOMER_NOT_FOUND_ERROR: 404,
  CONFLICT_ERROR: 409,
  QUOTA_EXCEEDED_ERROR: 409,
  PRECONDITION_FAILED_ERROR: 412,
  IDEMPOTENCY_ERROR: 422,
  INTERNAL_ERROR: 500,
  SERVICE_UNAVAILABLE_ERROR: 503,
} as const;

type RefusalType = keyof typeof REFUSAL_STATUSES;

/** Why a command was refused. The partner reads it, so it names the field and the figures. */
export interface Refusal {
  type: RefusalType;
  message: string;
  /** The field that led to the refusal. */
  param?: string;
  /** The figures that led to the refusal. */
  details?: Record<string, string | number | string[]>;
  /** Set if the order's events led to the refusal. The response then lists their IDs. */
  dependsOnEvents?: true;
}

/** Refuses a command that may or may not have taken effect. Repeating it is safe, as IDs are unique. */
export function unavailable(reason: string): Refusal {
  return {
    type: "SERVICE_UNAVAILABLE_ERROR",
    message: `${reason} Send the same request again: with the same IDs it takes effect once.`,
  };
}

/** Reports a bug in the sandbox. Its cause goes only to the log. */
export const INTERNAL_ERROR: Refusal = {
  type: "INTERNAL_ERROR",
  message: "The sandbox has a bug. Search its log for the request ID.",
};
