import type { Refusal } from "../domain/decision.ts";
import { MAX_WEBHOOKS } from "../domain/webhooks.ts";

export const TOO_MANY_WEBHOOKS: Refusal = {
  type: "CONFLICT_ERROR",
  message: `The environment has ${MAX_WEBHOOKS} webhooks, the maximum. Delete one first.`,
  details: { limit: MAX_WEBHOOKS },
};

export const WEBHOOK_NOT_CONFIRMED: Refusal = {
  type: "SERVICE_UNAVAILABLE_ERROR",
  message: "The database did not confirm the webhook, so it was not added. Send the request again.",
};
