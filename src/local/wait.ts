/** Waits for an item of a list that the sandbox writes in the background. */
import { setTimeout as sleep } from "node:timers/promises";
import { SandboxError } from "./sandbox-error.ts";

const DEFAULT_TIMEOUT_MILLISECONDS = 5_000;
const POLL_MILLISECONDS = 20;

interface ItemSearch<Item> {
  /** The kind of item, for the error. */
  name: string;
  filter: object;
  /** The newest items that match, at most one. */
  find: () => Promise<Item[]>;
  /** The newest of all items, at most one. */
  findLast: () => Promise<Item[]>;
  describe: (item: Item) => string;
}

/** Resolves with the newest item that matches. Throws a `SandboxError` after `timeout` milliseconds. */
export async function waitFor<Item>(
  { name, filter, find, findLast, describe }: ItemSearch<Item>,
  { timeout = DEFAULT_TIMEOUT_MILLISECONDS }: { timeout?: number } = {},
): Promise<Item> {
  // A timer, because a test may have faked `Date`.
  let isOver = false;
  void sleep(timeout, undefined, { ref: false }).then(() => (isOver = true));
  for (;;) {
    // Polls, because an environment has only ten streams, and a stream may break off.
    const isLast = isOver;
    const [newest] = await find();
    if (newest) return newest;
    if (isLast) {
      const [last] = await findLast();
      const found = last ? `The last ${name} was ${describe(last)}.` : `There were no ${name}s.`;
      throw new SandboxError(
        `No ${name} matched ${JSON.stringify(filter)} within ${timeout} ms. ${found}`,
        { cause: last },
      );
    }
    await sleep(POLL_MILLISECONDS);
  }
}
