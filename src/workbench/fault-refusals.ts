import type { Refusal } from "../domain/decision.ts";
import { MAX_FAULTS } from "../domain/faults.ts";

export const TOO_MANY_FAULTS: Refusal = {
  type: "CONFLICT_ERROR",
  message: `The environment has ${MAX_FAULTS} faults, the maximum. Remove one first.`,
  details: { limit: MAX_FAULTS },
};

export const FAULT_NOT_CONFIRMED: Refusal = {
  type: "SERVICE_UNAVAILABLE_ERROR",
  message: "The database did not confirm the fault, so it was not added. Send the request again.",
};
