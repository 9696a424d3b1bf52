import type { StoredKey } from "../store/keys.ts";

/** How long an isolate caches a key. A key that another isolate deleted can keep working for this long. */
export const KEY_CACHE_SECONDS = 30;
/** The maximum number of cached keys. A further key replaces the oldest one. */
export const KEY_CACHE_KEYS = 10_000;

/** The result of looking a key up in D1. */
export type KnownKey = StoredKey | "unknown";

interface Entry {
  key: KnownKey;
  /** In milliseconds since the epoch. */
  expires: number;
}

/**
 * Caches the keys of recent requests, so that most requests need no query. The cache holds the keys themselves, briefly
 * and only in memory, which saves hashing them on each request.
 */
export class KeyCache {
  readonly #entries = new Map<string, Entry>();

  /** Times are in milliseconds since the epoch. */
  get(secret: string, now: number): KnownKey | undefined {
    const entry = this.#entries.get(secret);
    return entry && entry.expires > now ? entry.key : undefined;
  }

  /** Stores the result of a lookup. A deletion is final: the result of an earlier lookup can't undo it. */
  set(secret: string, key: KnownKey, now: number): void {
    const known = this.get(secret, now);
    if (known && isDead(known) && !isDead(key)) return;
    // A Map keeps the position of an existing entry. Deleting it first keeps the map ordered by age.
    this.#entries.delete(secret);
    if (this.#entries.size >= KEY_CACHE_KEYS) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest!);
    }
    this.#entries.set(secret, { key, expires: now + KEY_CACHE_SECONDS * 1_000 });
  }

  /** Removes all keys of a partner or an environment. */
  forget(owner: Pick<StoredKey, "partner_id"> | Pick<StoredKey, "environment_id">): void {
    const [[field, id]] = Object.entries(owner) as [[keyof StoredKey, number]];
    for (const [secret, { key }] of this.#entries) {
      if (key !== "unknown" && key[field] === id) this.#entries.delete(secret);
    }
  }

  /** Marks a key as deleted. */
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

/** The cache of this isolate. */
export const keyCache = new KeyCache();
