/** Converts an error to data that another thread can receive, and back to a `SandboxError`. */
import { SandboxError } from "./sandbox-error.ts";

export interface ErrorDetails {
  message: string;
  type?: string | undefined;
  status?: number | undefined;
  cause?: unknown;
  /** The `code` of the cause. Copying an error to another thread loses it. */
  causeCode?: string | undefined;
}

export function toErrorDetails(error: unknown): ErrorDetails {
  const { message, type, status, cause } = toSandboxError(error);
  const causeCode = (cause as NodeJS.ErrnoException | undefined)?.code;
  return { message, type, status, cause, causeCode };
}

export function fromErrorDetails({ message, causeCode, ...details }: ErrorDetails): SandboxError {
  if (causeCode !== undefined) Object.assign(details.cause as Error, { code: causeCode });
  return new SandboxError(message, details);
}

/** Wraps the error, unless it is a `SandboxError`. */
export function toSandboxError(error: unknown): SandboxError {
  if (error instanceof SandboxError) return error;
  const [firstLine = ""] = (error as Error).message.split("\n");
  return new SandboxError(`The sandbox has failed: ${firstLine}`, { cause: error });
}
