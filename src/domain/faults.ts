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

/** A fault that acts on a request: a stored one has an id, the header's has none. */
export interface AppliedFault {
  id?: string;
  fault: FaultName;
  delay_ms: number;
}
