import type { ObservedRequest } from "./facts.ts";

export const CHECK_STATUSES = ["passed", "failed", "not_seen"] as const;
export type CheckStatus = (typeof CHECK_STATUSES)[number];

/** Something that a verdict is based on. */
export interface Evidence {
  /** The recorded request's ID, and its `X-Request-Id`. */
  id?: string;
  request_id?: string;
  order_id?: string;
  order_event_id?: string;
  network_transaction_id?: string;
  notification_id?: string;
  /** Set if the report sums up several environments. */
  environment_id?: number;
}

/** The result of a check. `reason` names the requests that decided it. */
export interface Verdict {
  status: CheckStatus;
  reason: string;
  evidence: Evidence[];
}

export const MAX_EVIDENCE = 3;
const MAX_REASON_CHARACTERS = 600;

function verdict(status: CheckStatus, reason: string, evidence: Evidence[]): Verdict {
  const isLong = reason.length > MAX_REASON_CHARACTERS;
  return {
    status,
    reason: isLong ? `${reason.slice(0, MAX_REASON_CHARACTERS)}…` : reason,
    evidence: evidence.slice(0, MAX_EVIDENCE),
  };
}

/** A check passes or fails only on evidence. */
export const passed = (reason: string, evidence: [Evidence, ...Evidence[]]) =>
  verdict("passed", reason, evidence);
export const failed = (reason: string, evidence: [Evidence, ...Evidence[]]) =>
  verdict("failed", reason, evidence);
export const notSeen = (reason: string) => verdict("not_seen", reason, []);

const ID_FIELDS = ["order_id", "order_event_id", "network_transaction_id"] as const;

export function evidenceOf(request: ObservedRequest): Evidence {
  const evidence: Evidence = { id: request.id, request_id: request.request_id };
  for (const field of ID_FIELDS) {
    const id = request[field];
    if (id !== null) evidence[field] = id;
  }
  return evidence;
}

export const evidenceOfAll = (
  first: ObservedRequest,
  ...others: ObservedRequest[]
): [Evidence, ...Evidence[]] => [evidenceOf(first), ...others.map(evidenceOf)];

/** How a reason refers to a request. */
export const nameOf = ({ method, path, request_id }: ObservedRequest): string =>
  `${method} ${path} (request ${request_id})`;

export const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? "" : "s"}`;
