/** What a warning is about. */
export const WARNINGS = [
  "unknown_field",
  "unknown_parameter",
  "limit_reduced",
  "captured_beyond_total",
  "refund_without_rewards",
  "not_repeatable",
  "not_published",
] as const;

/** Something on a request that was answered as production would answer it, but that deserves a look. */
export interface Warning {
  code: (typeof WARNINGS)[number];
  /** The field, parameter or header. */
  param?: string;
  /** The name that was probably meant. */
  did_you_mean?: string;
}
