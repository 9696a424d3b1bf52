const MULTIPLIERS = [0x85ebca77, 0xc2b2ae3d] as const;
/** A number holds integers of 53 bits: 32 from one half, and 21 from the other. */
const HIGH_BITS = 21;

/** A hash of 53 bits, to compare texts. It is fast, but not collision-resistant. */
export function fastHash(text: string): number {
  let low = 0x9747b28c;
  let high = 0x3c6ef372;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, MULTIPLIERS[0]);
    low ^= low >>> 15;
    high = Math.imul(high ^ unit, MULTIPLIERS[1]);
    high ^= high >>> 13;
  }
  return (high >>> (32 - HIGH_BITS)) * 2 ** 32 + (low >>> 0);
}
