/** An integer amount in the currency's minor unit (cents for USD). */
export type Money = number;

/** The largest amount: the largest integer that JSON carries exactly (2^53 − 1). */
export const MAX_MONEY: Money = Number.MAX_SAFE_INTEGER;
