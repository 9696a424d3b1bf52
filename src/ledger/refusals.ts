import { refuse, type Refusal } from "../domain/decision.ts";
import { quotaExceeded } from "../domain/quotas.ts";
import type { CommitFailure } from "../store/commit.ts";
import type { Dataset } from "../store/dataset.ts";
import { findUsage } from "../store/usage.ts";

/** How often a command is decided anew when another writer came first. */
export const MAX_ATTEMPTS = 5;

/** The answer where it can't be said whether the command took effect. It is safe to send again, as ids are unique. */
export function unavailable(reason: string): Refusal {
  return {
    type: "SERVICE_UNAVAILABLE_ERROR",
    message: `${reason} Send the same request again: with the same ids it takes effect once.`,
  };
}

/** The answer where something is wrong with the sandbox itself. The cause is for the log alone. */
export const INTERNAL_ERROR: Refusal = {
  type: "INTERNAL_ERROR",
  message: "Something went wrong on our side. The request id finds it in the log.",
};

/** The outcome of a command that another writer overtook each time. */
export const OVERTAKEN = refuse(unavailable(`Other requests came first ${MAX_ATTEMPTS} times.`));

/** Why a change that was not committed can't be: undefined where it is to be decided anew. */
export async function whyNotCommitted(
  dataset: Dataset,
  failure: CommitFailure,
): Promise<Refusal | undefined> {
  if (typeof failure === "string") return undefined;
  const { exceeded } = failure;
  return quotaExceeded(exceeded, (await findUsage(dataset))[exceeded], dataset.quotas![exceeded]);
}
