/** The most commands that wait for one order. Further commands are rejected immediately. */
export const MAX_QUEUED_COMMANDS = 200;

/** Runs commands one after another. A Durable Object alone doesn't: while one call awaits D1, the next one starts. */
export class CommandQueue {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Runs the command after all earlier ones. Returns undefined, and does not run it, if too many are waiting. */
  run<T>(command: () => Promise<T>): Promise<T> | undefined {
    if (this.#waiting >= MAX_QUEUED_COMMANDS) return undefined;
    this.#waiting += 1;
    const result = this.#last.then(command).finally(() => {
      this.#waiting -= 1;
    });
    // The next command runs even if this one fails. Only this one's caller receives the failure.
    this.#last = result.catch(() => undefined);
    return result;
  }
}
