/** `createSandbox()`: a sandbox in a test. */
import { requireNode } from "./node-version.ts";

export { SandboxError } from "./sandbox-error.ts";

/** How a sandbox is started. */
export interface SandboxOptions {
  /** The port to listen on. One that is free, if it is left out. */
  port?: number;
  /** The address to listen on; `127.0.0.1` if it is left out. The keys are no secret: mind who can reach it. */
  host?: string;
  /**
   * The folder to keep the data in. If it is left out, the data goes when the sandbox is closed. If the folder
   * is removed meanwhile, the sandbox warns, and starts anew in an empty one.
   */
  persistTo?: string;
  /**
   * Variables of the Worker, such as `ADMIN_TOKEN`, which lets requests create partners. Limits and quotas
   * are off, unless they are set here.
   */
  vars?: Record<string, string>;
}

/** A sandbox that runs, until it is closed or this process ends. */
export interface Sandbox extends AsyncDisposable {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  /** The key of the first of its two partners: `test_sandbox_a`. */
  readonly key: string;
  /** Ends it, and leaves no process, port or file, except in `persistTo`. */
  close(): Promise<void>;
}

/**
 * Starts a sandbox of its own: its data are no other's, and as many can run at once as there is memory for
 * (100 MB each). It starts with two partners, whose keys are `test_sandbox_a` and `test_sandbox_b`.
 *
 * ```ts
 * await using sandbox = await createSandbox();
 * const response = await fetch(`${sandbox.url}/v2/orders`, {
 *   headers: { Authorization: `Bearer ${sandbox.key}` },
 * });
 * ```
 *
 * @throws {SandboxError} With a sentence that says what to do, such as where the port is taken.
 */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  requireNode();
  const { startSandbox } = await import("./sandbox.ts");
  const { url, key, close } = await startSandbox(options);
  return { url, key, close, [Symbol.asyncDispose]: close };
}
