/** Something that whoever starts a sandbox can put right. The message is a sentence that says so. */
export class SandboxError extends Error {
  override name = "SandboxError";
}
