/** `createSandbox()`: a sandbox in a test. */
import type { Environment, EnvironmentOptions, OwnEnvironment } from "./environment.ts";
import { requireNode } from "./node-version.ts";

export type * from "./environment.ts";
/** The types of the OpenAPI document, for a typed client such as `openapi-fetch`. */
export type { components, paths } from "../generated/openapi.d.ts";
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

/**
 * A sandbox that runs, until it is closed or this process ends. By itself it is the first environment of the
 * first of its two partners, with the key `test_sandbox_a`.
 */
export interface Sandbox extends Environment, AsyncDisposable {
  /**
   * Makes an environment beside the first, for one test: in a strict one, unknown fields and parameters are
   * refused. It lives for a day, unless `expires_in_seconds` says otherwise.
   */
  environment(options?: EnvironmentOptions): Promise<OwnEnvironment>;

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
 * To lose an answer, and to see what came of it:
 *
 * ```ts
 * await sandbox.faults.add({ fault: "lost_response", match: { path: "/v2/order_events" } });
 * const { data, figures } = await sandbox.timeline("order-1");
 * ```
 *
 * @throws {SandboxError} With a sentence that says what to do, such as where the port is taken.
 */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  requireNode();
  const { startSandbox } = await import("./sandbox.ts");
  const { createEnvironment, environmentOf } = await import("./controls.ts");
  const { url, key, close } = await startSandbox(options);
  const first = environmentOf(url, key);
  return {
    ...first,
    environment: (input = {}) => createEnvironment(first, input),
    close,
    [Symbol.asyncDispose]: close,
  };
}
