/** Sends a `SandboxError` to another thread. */
import { SandboxError } from "./sandbox-error.ts";

export interface ErrorDetails {
  message: string;
  type?: string | undefined;
  status?: number | undefined;
  cause?: unknown;
}

export function toErrorDetails(error: unknown): ErrorDetails {
  const { message, type, status, cause } = toSandboxError(error);
  return { message, type, status, cause };
}

export function fromErrorDetails({ message, ...details }: ErrorDetails): SandboxError {
  return new SandboxError(message, details);
}

/** Returns the error itself, or a `SandboxError` that it caused. */
export function toSandboxError(error: unknown): SandboxError {
  if (error instanceof SandboxError) return error;
  return new SandboxError(`The sandbox has failed: ${(error as Error).message}`, { cause: error });
}
