const MULTIPLIERS = [0x85ebca77, 0xc2b2ae3d] as const;
/** The bits of the second half that fit, with the 32 of the first, into a whole number. */
const HIGH_BITS = 21;

/** A hash of 53 bits, to find out whether texts are equal. Fast, and not safe against chosen texts. */
export function hashOf(text: string): number {
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
