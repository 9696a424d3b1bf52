/** The flags that several commands of the program have. */
import { SandboxError } from "./sandbox-error.ts";

export const DEFAULT_URL = "http://localhost:8787";
export const DEFAULT_KEY = "test_sandbox_a";

/** The value of `--key`, or else of SANDBOX_KEY, or else the key of a local sandbox. */
export function keyOf(flag: string | undefined): string {
  return flag ?? process.env["SANDBOX_KEY"] ?? DEFAULT_KEY;
}

/** Shortens an error of `parseArgs` to its first sentence, and adds how to list the flags. */
export function unknownFlag(error: unknown, command: string): SandboxError {
  const [sentence] = (error as Error).message.split(". ");
  return new SandboxError(`${sentence}. Run ${command} --help for all flags.`, { cause: error });
}

/** Validates the value of a `--url` flag, and removes a trailing slash. */
export function originOf(url: string): string {
  const origin = url.replace(/\/$/, "");
  if (/^https?:\/\/[^/]+$/.test(origin)) return origin;
  throw new SandboxError(
    `--url expects a URL without a path, like http://localhost:8787, but received ${url}.`,
  );
}
