import type { Refusal } from "./errors.ts";

/** The kinds of quota that a partner has. */
export const QUOTAS = ["orders", "order_events", "transactions", "bytes"] as const;
export type Quota = (typeof QUOTAS)[number];

/** The used amount of each quota. */
export type Usage = Record<Quota, number>;

export const NO_USAGE: Usage = { orders: 0, order_events: 0, transactions: 0, bytes: 0 };

/** The wording of each quota. */
const NOUN: Record<Quota, string> = {
  orders: "orders",
  order_events: "order events",
  transactions: "simulated transactions",
  bytes: "bytes of stored data",
};

/** Refuses a request that would exceed a quota. Stored data can still be read, changed and deleted. */
export function quotaExceeded(quota: Quota, used: number, limit: number): Refusal {
  return {
    type: "QUOTA_EXCEEDED_ERROR",
    message: `The partner's limit is ${limit} ${NOUN[quota]}, and it has ${used}: delete some, or ask the operator of the sandbox for a higher limit.`,
    details: { quota, used, limit },
  };
}
