/** The kinds of entry in an order's history. */
export const ORDER_CHANGES = [
  "CREATED",
  "REPLACED",
  "DELETED",
  "EVENT_APPENDED",
  "EVENT_DELETED",
] as const;
export type OrderChange = (typeof ORDER_CHANGES)[number];
