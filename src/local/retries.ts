/** Retries while a sandbox is unreachable, returns 429, or fails. */
import { setTimeout as sleep } from "node:timers/promises";
import type { SandboxError } from "./sandbox-error.ts";
import { printError } from "./terminal.ts";

const RETRY_MILLISECONDS = 1_000;

/** Whether the sandbox would refuse another attempt too. */
function isPermanent(error: unknown): boolean {
  const { status } = error as Partial<SandboxError>;
  return status !== undefined && status < 500 && status !== 429;
}

/** Waits between attempts, and reports the first of several failures in a row. */
export class Retries {
  readonly #url: string;
  #isReported = false;

  constructor(url: string) {
    this.#url = url;
  }

  /** Call it after a success. */
  reset(): void {
    this.#isReported = false;
  }

  /** Call it after a failure. Waits before the next attempt, or throws the error if it is permanent. */
  async afterError(error: unknown): Promise<void> {
    if (isPermanent(error)) throw error;
    if (!this.#isReported) printError(`${this.#url} is unavailable. Retrying every second …`);
    this.#isReported = true;
    await this.wait();
  }

  async wait(): Promise<void> {
    await sleep(RETRY_MILLISECONDS);
  }
}
