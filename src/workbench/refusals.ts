import type { Refusal } from "../domain/decision.ts";

type Item = "fault" | "webhook";

export const tooMany = (item: Item, limit: number): Refusal => ({
  type: "CONFLICT_ERROR",
  message: `The environment has ${limit} ${item}s, the maximum. Delete one first.`,
  details: { limit },
});

export const notConfirmed = (item: Item): Refusal => ({
  type: "SERVICE_UNAVAILABLE_ERROR",
  message: `The database did not confirm the ${item}, so it was not added. Send the request again.`,
});
