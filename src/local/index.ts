/** `createSandbox()`: starts a sandbox in a test. */
import type { Environment, EnvironmentOptions, OwnEnvironment } from "./environment.ts";
import { createEnvironment, environmentOf } from "./controls.ts";
import { startInThread } from "./thread-client.ts";
import { toSandboxError } from "./error-details.ts";
import { requireNode } from "./node-version.ts";

export type * from "./environment.ts";
/** The types of the OpenAPI document, for a typed client such as `openapi-fetch`. */
export type { components, paths } from "../generated/openapi.d.ts";
export { SandboxError } from "./sandbox-error.ts";
export * from "./signatures.ts";

export interface SandboxOptions {
  /** The port to listen on, from 0 to 65535. Default: any free port. */
  port?: number;
  /** The address to listen on. Default: `127.0.0.1`. The keys are public, so anyone who can reach it has full access. */
  host?: string;
  /**
   * More host names that requests may use, such as a container's name. Always allowed: `localhost`, this machine's IP
   * addresses, and `host`. Other hosts get a 421, because a web page may make its own name resolve to this machine.
   */
  allowHosts?: string[];
  /**
   * The folder that stores the data. Default: none; the data is deleted when the sandbox closes. If the folder
   * is removed while the sandbox runs, the sandbox stops, and its methods reject with a `SandboxError`.
   */
  persistTo?: string;
  /**
   * Variables of the Worker, such as `ADMIN_TOKEN`, which enables the operations on partners. Setting limits
   * and quotas here turns them on.
   */
  vars?: Record<string, string>;
}

/**
 * A running sandbox. It runs until it is closed or this process ends. Its own methods act on the first
 * environment of the first of its two partners, whose key is `test_sandbox_a`.
 */
export interface Sandbox extends Environment, AsyncDisposable {
  /**
   * Creates an environment for one test, isolated from all others. It expires after a day unless
   * `expires_in_seconds` is set. A strict environment rejects unknown fields and parameters.
   */
  environment(options?: EnvironmentOptions): Promise<OwnEnvironment>;

  /** Stops the sandbox. Leaves no process, port or file behind, except in `persistTo`. */
  close(): Promise<void>;
}

/**
 * Starts a sandbox with its own data and port. Each takes about 100 MB of memory. It has two partners, whose
 * keys are `test_sandbox_a` and `test_sandbox_b`.
 *
 * ```ts
 * const sandbox = await createSandbox();
 * const response = await fetch(`${sandbox.url}/v2/orders`, {
 *   headers: { Authorization: `Bearer ${sandbox.key}` },
 * });
 * await sandbox.close();
 * ```
 *
 * To lose a response, and see the effect of its request:
 *
 * ```ts
 * await sandbox.faults.add({ fault: "lost_response", match: { path: "/v2/order_events" } });
 * const { data, figures } = await sandbox.timeline("order-1");
 * ```
 *
 * @throws {SandboxError} If it can't start, for example because the port is in use.
 */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  requireNode();
  const { close, ...connection } = await startInThread(options).catch((error: unknown) => {
    throw toSandboxError(error);
  });
  return {
    ...environmentOf(connection),
    environment: (input = {}) => createEnvironment(connection, input),
    close,
    [Symbol.asyncDispose]: close,
  };
}
