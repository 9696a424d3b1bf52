/**
 * Writes one JSON line to the log. Pass each field by name, never a whole object: no key, no Authorization header and
 * no body may be logged.
 */
export function log(message: string, fields: Record<string, unknown>): void {
  console.log(JSON.stringify({ message, ...fields }));
}

/** Writes an error to the log, with its stack and its causes. */
export function logError(message: string, error: unknown, fields: Record<string, unknown>): void {
  console.error(JSON.stringify({ message, ...fields, error: describeError(error) }));
}

/** An error as a plain object: JSON.stringify omits an Error's own fields. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack, cause } = error;
  return { name, message, stack, ...(cause !== undefined && { cause: describeError(cause) }) };
}
