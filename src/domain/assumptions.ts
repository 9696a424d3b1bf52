/**
 * The questions that the published contract leaves open. Each has two answers. An environment assumes one of
 * them. The first is the default.
 */
export const ASSUMPTIONS = {
  duplicate_ids: ["replay", "conflict"],
  idempotency_key: ["honored", "ignored"],
  refund_beyond_captured: ["refused", "accepted"],
} as const satisfies Record<string, readonly [string, string]>;

export type AssumptionName = keyof typeof ASSUMPTIONS;
export const ASSUMPTION_NAMES = Object.keys(ASSUMPTIONS) as AssumptionName[];

/** The assumptions of an environment about production. */
export type Assumptions = { [Name in AssumptionName]: (typeof ASSUMPTIONS)[Name][number] };

export const DEFAULT_ASSUMPTIONS: Assumptions = {
  duplicate_ids: "replay",
  idempotency_key: "honored",
  refund_beyond_captured: "refused",
};

export const acceptsOverRefunds = ({ refund_beyond_captured }: Assumptions): boolean =>
  refund_beyond_captured === "accepted";

/** Drops the Idempotency-Key if the environment assumes that production ignores it. */
export const effectiveKey = (
  key: string | undefined,
  { idempotency_key }: Assumptions,
): string | undefined => (idempotency_key === "ignored" ? undefined : key);
