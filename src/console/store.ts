import { useEffect, useState } from "preact/hooks";

/** A value that screens follow. */
export class Store<T> {
  #value: T;
  readonly #followers = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set value(value: T) {
    this.#value = value;
    for (const tell of this.#followers) tell();
  }

  follow(tell: () => void): () => void {
    this.#followers.add(tell);
    return () => this.#followers.delete(tell);
  }
}

/** The store's value; the screen is drawn again when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [, draw] = useState({});
  useEffect(() => store.follow(() => draw({})), [store]);
  return store.value;
}

const TICK_MILLISECONDS = 5_000;

/** The time, as far as "3 minutes ago" needs it. */
export const now = new Store(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, TICK_MILLISECONDS);
