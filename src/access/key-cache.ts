import type { StoredKey } from "../store/keys.ts";

/** How long a key's verification is remembered, and so how long a deleted key can go on working in another isolate. */
export const KEY_CACHE_SECONDS = 30;
/** How many keys an isolate remembers; beyond it the oldest is forgotten. */
export const KEY_CACHE_KEYS = 10_000;

/** What D1 says of a key: the key, or that there is none. */
export type KnownKey = StoredKey | "unknown";

interface Entry {
  key: KnownKey;
  /** In milliseconds since the epoch. */
  expires: number;
}

/**
 * What this isolate knows of API keys. A known key costs no query for a while, and no hash, which is why
 * keys are found here as they are sent: in memory only, and not for long.
 */
export class KeyCache {
  readonly #entries = new Map<string, Entry>();

  /** Times are in milliseconds since the epoch. */
  get(secret: string, now: number): KnownKey | undefined {
    const entry = this.#entries.get(secret);
    return entry && entry.expires > now ? entry.key : undefined;
  }

  /** Remembers what D1 says of a key. That it is deleted is final: a look-up begun before can't undo it. */
  set(secret: string, key: KnownKey, now: number): void {
    const known = this.get(secret, now);
    if (known && isDead(known) && !isDead(key)) return;
    // Deleted first, so that the map's order is by age and its first entry the oldest.
    this.#entries.delete(secret);
    if (this.#entries.size >= KEY_CACHE_KEYS) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest!);
    }
    this.#entries.set(secret, { key, expires: now + KEY_CACHE_SECONDS * 1_000 });
  }

  /** Forgets all keys of a partner. */
  forgetPartner(partnerId: number): void {
    for (const [secret, { key }] of this.#entries) {
      if (key !== "unknown" && key.partner_id === partnerId) this.#entries.delete(secret);
    }
  }

  /** Forgets all keys of an environment. */
  forgetEnvironment(environmentId: number): void {
    for (const [secret, { key }] of this.#entries) {
      if (key !== "unknown" && key.environment_id === environmentId) this.#entries.delete(secret);
    }
  }

  /** Notes that a key was deleted, by its environment and its id. */
  markDeleted(environmentId: number, id: number, deleted_at: string): void {
    for (const { key } of this.#entries.values()) {
      if (key !== "unknown" && key.environment_id === environmentId && key.id === id) {
        key.deleted_at = deleted_at;
      }
    }
  }
}

function isDead(key: KnownKey): boolean {
  return key === "unknown" || key.deleted_at !== null;
}

/** The isolate's own. */
export const keyCache = new KeyCache();
