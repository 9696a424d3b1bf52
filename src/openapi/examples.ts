import recorded from "../generated/examples.json" with { type: "json" };

/** The body of a request as `request`, and response bodies by status or by type of error. */
export type OperationExamples = Record<string, unknown>;

/** Requests and responses that a test recorded, by `operationId`. */
export const operationExamples: Record<string, OperationExamples | undefined> = recorded;

/** Recorded errors that are the same for every operation, by type. */
export const sharedExamples: Record<string, { value: { error: object } }> = Object.fromEntries(
  Object.entries(recorded.anywhere).map(([type, value]) => [type, { value }]),
);
