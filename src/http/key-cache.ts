import type { StoredKey } from "../store/keys.ts";
import { ExpiringMap } from "./expiring-map.ts";

/** How long a key's verification is remembered, and so how long a deleted key can go on working in another isolate. */
export const KEY_CACHE_SECONDS = 30;
/** How many keys an isolate remembers; beyond it the oldest is forgotten. */
export const KEY_CACHE_KEYS = 10_000;
/** How many look-ups of keys that turn out unknown an isolate makes in a second. */
export const UNKNOWN_KEYS_PER_SECOND = 50;

/**
 * What this isolate knows of API keys. A known key costs no query for a while, and no hash, which is why
 * keys are found here as they are sent: in memory only, and not for long. Unknown keys are not
 * remembered, as a flood of them would never repeat one; they have an allowance instead.
 */
export class KeyCache {
  readonly #keys = new ExpiringMap<StoredKey>(KEY_CACHE_KEYS, KEY_CACHE_SECONDS);
  #second = 0;
  #unknown = 0;

  /** Times are in milliseconds since the epoch. */
  get(secret: string, now: number): StoredKey | undefined {
    return this.#keys.get(secret, now);
  }

  /** Remembers what D1 says of a key. That it is deleted is final: a look-up begun before can't undo it. */
  set(secret: string, key: StoredKey, now: number): void {
    if (this.#keys.get(secret, now)?.deleted_at && !key.deleted_at) return;
    this.#keys.set(secret, key, now);
  }

  forget(secret: string): void {
    this.#keys.delete(secret);
  }

  /** Forgets all keys of a partner. */
  forgetPartner(partnerId: number): void {
    this.#keys.deleteWhere((key) => key.partner_id === partnerId);
  }

  /** Whether a key that is not remembered is worth a query: not after too many that were in vain. */
  mayLookUp(now: number): boolean {
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#unknown = 0;
    }
    return this.#unknown < UNKNOWN_KEYS_PER_SECOND;
  }

  /** Counts a query for a key that nobody has. */
  countUnknown(): void {
    this.#unknown += 1;
  }
}

/** The isolate's own. */
export const keyCache = new KeyCache();
