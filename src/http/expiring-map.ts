interface Entry<Value> {
  value: Value;
  /** In milliseconds since the epoch. */
  expires: number;
}

/** What an isolate remembers for a while: so many entries at most, of which the oldest goes first. */
export class ExpiringMap<Value> {
  readonly #maxEntries: number;
  readonly #milliseconds: number;
  readonly #entries = new Map<string, Entry<Value>>();

  constructor(maxEntries: number, seconds: number) {
    this.#maxEntries = maxEntries;
    this.#milliseconds = seconds * 1_000;
  }

  /** Times are in milliseconds since the epoch. */
  get(name: string, now: number): Value | undefined {
    const entry = this.#entries.get(name);
    if (!entry) return undefined;
    if (entry.expires > now) return entry.value;
    this.#entries.delete(name);
    return undefined;
  }

  set(name: string, value: Value, now: number): void {
    // Deleted first, so that the map's order is by age and its first entry the oldest.
    this.#entries.delete(name);
    if (this.#entries.size >= this.#maxEntries) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest!);
    }
    this.#entries.set(name, { value, expires: now + this.#milliseconds });
  }

  delete(name: string): void {
    this.#entries.delete(name);
  }

  deleteWhere(matches: (value: Value) => boolean): void {
    for (const [name, { value }] of this.#entries) if (matches(value)) this.#entries.delete(name);
  }
}
