/** What can be made to happen to a request, by name, and whether the request takes effect nevertheless. */
export const FAULTS = {
  error: { isDone: false },
  unavailable: { isDone: false },
  rate_limited: { isDone: false },
  delay: { isDone: true },
  error_after_commit: { isDone: true },
  gateway_timeout: { isDone: true },
  lost_response: { isDone: true },
  cut_response: { isDone: true },
} as const;
export type FaultName = keyof typeof FAULTS;

/** A fault that acts on a request: a stored one has an id, the header's has none. */
export interface AppliedFault {
  id?: string;
  fault: FaultName;
  delay_ms: number;
}

/** What a request says of itself: what faults are matched against. */
export interface RequestSubject {
  method: string;
  path: string;
  order_id?: string | undefined;
  partner_order_id?: string | undefined;
  order_event_id?: string | undefined;
  partner_event_id?: string | undefined;
}

/** Which requests a fault acts on: those that are all of this. */
export type FaultMatch = { [Name in keyof RequestSubject]?: string | undefined };
