import { printableLines } from "./printable.ts";

/**
 * An error that the caller can act on. The message is a sentence that says what to do; if the API refused a
 * request, it is the API's own message without control characters, and `cause` is its `error` object.
 */
export class SandboxError extends Error {
  override name = "SandboxError";
  /** The type of the API's error, such as `ORDER_NOT_FOUND_ERROR`. Only set if the API refused a request. */
  declare readonly type?: string;
  /** The HTTP status of the API's response. Only set if the API refused a request. */
  declare readonly status?: number;

  constructor(
    message: string,
    {
      type,
      status,
      cause,
    }: { type?: string | undefined; status?: number | undefined; cause?: unknown } = {},
  ) {
    super(printableLines(message), cause === undefined ? {} : { cause });
    if (type !== undefined) this.type = type;
    if (status !== undefined) this.status = status;
  }
}
