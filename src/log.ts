/**
 * The log: one JSON line per thing that happened. What goes in is chosen by name, so that no key, no
 * Authorization header and no body can come along.
 */
export function log(message: string, fields: Record<string, unknown>): void {
  console.log(JSON.stringify({ message, ...fields }));
}

/** The same for what went wrong, with the stack of the error and of what caused it. */
export function logError(message: string, error: unknown, fields: Record<string, unknown>): void {
  console.error(JSON.stringify({ message, ...fields, error: describeError(error) }));
}

/** An error as JSON can say it: by itself, JSON leaves out all that an Error has. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack, cause } = error;
  return { name, message, stack, ...(cause !== undefined && { cause: describeError(cause) }) };
}
