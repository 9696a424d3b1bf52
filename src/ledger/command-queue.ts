/** The maximum number of commands in an order's queue. Further commands are rejected immediately. */
export const MAX_QUEUED_COMMANDS = 200;

/** Runs commands one after another. Without it, a Durable Object starts the next call while one awaits D1. */
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
    // The next command runs even if this one fails. Only this command's caller receives the failure.
    this.#last = result.catch(() => undefined);
    return result;
  }
}
