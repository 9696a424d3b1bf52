/**
 * Something that whoever starts or uses a sandbox can put right. The message is a sentence that says so: the
 * API's own, where it refused.
 */
export class SandboxError extends Error {
  override name = "SandboxError";
  /** The type of the API's error, such as `ORDER_NOT_FOUND_ERROR`; only where the API refused. */
  readonly type?: string;
  /** The status of the API's answer; only where it refused. */
  readonly status?: number;

  constructor(message: string, refusal: { type?: string | undefined; status?: number } = {}) {
    super(message);
    if (refusal.type !== undefined) this.type = refusal.type;
    if (refusal.status !== undefined) this.status = refusal.status;
  }
}
