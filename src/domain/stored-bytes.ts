/*
 * Content is counted as JSON. These bytes are added for index entries, and for the row of each order line. A test
 * compares the sum with the size of the database.
 */
const ITEM_BYTES = 130;
const LINE_BYTES = 20;
/** A row of an order's history. */
export const CHANGE_BYTES = 120;
/** A stored response, without its body. */
export const RECORD_BYTES = 200;

/** What a card transaction with its sums, and a transaction event, take in addition to their content. */
const TRANSACTION_BYTES = 300;
const TRANSACTION_EVENT_BYTES = 100;

const encoder = new TextEncoder();

/** The bytes of a text in UTF-8. */
export function bytesOf(text: string): number {
  return encoder.encode(text).byteLength;
}

/** The bytes of an order or event with its lines, without its history. */
export function contentBytesOf(item: { order_lines?: readonly unknown[] | undefined }): number {
  const lines = item.order_lines?.length ?? 0;
  return bytesOf(JSON.stringify(item)) + ITEM_BYTES + lines * LINE_BYTES;
}

export function transactionBytesOf(transaction: object): number {
  return bytesOf(JSON.stringify(transaction)) + TRANSACTION_BYTES;
}

export function transactionEventBytesOf(event: object): number {
  return bytesOf(JSON.stringify(event)) + TRANSACTION_EVENT_BYTES;
}

/**
 * The maximum size of a list's page. D1 and a Durable Object run one query at a time, so a long page delays every other
 * request.
 */
export const MAX_PAGE_BYTES = 250_000;

/** The bytes of a value as JSON. */
export const jsonBytesOf = (value: unknown): number => bytesOf(JSON.stringify(value));

/** The first items, as many as fit into a page, but at least one. */
export function untilTooLong<T>(
  items: T[],
  bytesOfItem: (item: T) => number = jsonBytesOf,
  maxBytes = MAX_PAGE_BYTES,
): T[] {
  let bytes = 0;
  const end = items.findIndex((item, index) => {
    bytes += bytesOfItem(item);
    return index > 0 && bytes > maxBytes;
  });
  return end === -1 ? items : items.slice(0, end);
}
