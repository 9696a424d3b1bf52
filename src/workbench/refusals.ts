import type { Refusal } from "../domain/errors.ts";
import { MAX_DELIVERIES } from "../domain/notifications.ts";

type Item = "fault" | "webhook";

export const tooMany = (item: Item, limit: number): Refusal => ({
  type: "CONFLICT_ERROR",
  message: `The environment has ${limit} ${item}s, the maximum. Delete one first.`,
  details: { limit },
});

export const tooManyDeliveries = (deliveries: number, added: number): Refusal => ({
  type: "CONFLICT_ERROR",
  message: `The notification has ${deliveries} deliveries, and this request would add ${added}. The maximum is ${MAX_DELIVERIES}. Trigger another notification instead.`,
  details: { limit: MAX_DELIVERIES, deliveries, added },
});

export const notConfirmed = (item: Item): Refusal => ({
  type: "SERVICE_UNAVAILABLE_ERROR",
  message: `The database did not confirm the ${item}, so it was not added. Send the request again.`,
});
