import type { Refusal } from "./decision.ts";

/** What a partner has a quota of. */
export const QUOTAS = ["orders", "order_events", "transactions", "bytes"] as const;
export type Quota = (typeof QUOTAS)[number];

/** How much there is, or comes, of each. */
export type Usage = Record<Quota, number>;

export const NO_USAGE: Usage = { orders: 0, order_events: 0, transactions: 0, bytes: 0 };

/*
 * The content is counted as JSON. These bytes come on top: the index entries of the row, and the rows of its
 * lines. A test holds that the sum is near to what the database takes.
 */
const ITEM_BYTES = 130;
const LINE_BYTES = 20;
/** A row of an order's history, and an Idempotency-Key without its answer. */
export const CHANGE_BYTES = 120;
export const RECORD_BYTES = 200;

const encoder = new TextEncoder();

/** The bytes of a text as it is stored, in UTF-8. */
export function bytesOf(text: string): number {
  return encoder.encode(text).byteLength;
}

/** The bytes that an order or an event takes with its lines, but without its history. */
export function contentBytesOf(item: { order_lines?: readonly unknown[] | undefined }): number {
  const lines = item.order_lines?.length ?? 0;
  return bytesOf(JSON.stringify(item)) + ITEM_BYTES + lines * LINE_BYTES;
}

/**
 * How long a page of a list may be, reckoned like this: it ends before the item that would make it longer. D1
 * does one thing at a time, and others wait.
 */
export const MAX_PAGE_BYTES = 250_000;

/** What each quota is a quota of, in a sentence. */
const NOUN: Record<Quota, string> = {
  orders: "orders",
  order_events: "order events",
  transactions: "simulated transactions",
  bytes: "bytes of stored data",
};

/** Why a request that adds something is refused. What is there stays, and can be read, changed and deleted. */
export function quotaExceeded(quota: Quota, used: number, limit: number): Refusal {
  return {
    type: "QUOTA_EXCEEDED_ERROR",
    message: `This partner may have ${limit} ${NOUN[quota]}, and has ${used}: delete some, or ask whoever runs the sandbox for more.`,
    details: { quota, used, limit },
  };
}
