/**
 * An error that the caller can act on. The message is a sentence that says what to do; if the API refused a
 * request, it is the API's own message.
 */
export class SandboxError extends Error {
  override name = "SandboxError";
  /** The type of the API's error, such as `ORDER_NOT_FOUND_ERROR`. Only set if the API refused a request. */
  readonly type?: string;
  /** The HTTP status of the API's response. Only set if the API refused a request. */
  readonly status?: number;

  constructor(
    message: string,
    {
      type,
      status,
      ...options
    }: { type?: string | undefined; status?: number } & ErrorOptions = {},
  ) {
    super(message, options);
    if (type !== undefined) this.type = type;
    if (status !== undefined) this.status = status;
  }

  /** Returns the error itself, or a `SandboxError` that it caused. */
  static from(error: unknown): SandboxError {
    if (error instanceof SandboxError) return error;
    const { message } = error as Error;
    return new SandboxError(`The sandbox can't start: ${message}`, { cause: error });
  }
}
