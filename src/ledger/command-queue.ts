/** How many commands one order's ledger lets wait; beyond it a command is turned away at once. */
export const MAX_QUEUED_COMMANDS = 200;

/**
 * Runs commands one after another. A Durable Object is not a mutex: while one call awaits D1, the next
 * one starts, so the calls have to be lined up.
 */
export class CommandQueue {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Runs the command after all that came before it. Answers undefined, and doesn't run it, when too many are waiting. */
  run<T>(command: () => Promise<T>): Promise<T> | undefined {
    if (this.#waiting >= MAX_QUEUED_COMMANDS) return undefined;
    this.#waiting += 1;
    const result = this.#last.then(command).finally(() => {
      this.#waiting -= 1;
    });
    // The next command runs whether or not this one fails; its caller hears of the failure.
    this.#last = result.catch(() => undefined);
    return result;
  }
}
