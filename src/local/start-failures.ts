/** Turns an error of the start into one sentence that names the cause and the remedy. */
import { SandboxError } from "./sandbox-error.ts";

/** Errors of SQLite, of the file system and of workerd, by a part of their messages. */
const CAUSES: [pattern: RegExp, sentence: (folder: string) => string][] = [
  [
    /SQLITE_READONLY|SQLITE_CANTOPEN|EROFS|permission denied|read-only/i,
    (folder) =>
      `This user can't write all files in ${folder}: change their owner, or choose another folder.`,
  ],
  [
    /SQLITE_FULL|SQLITE_IOERR|ENOSPC|EDQUOT|disk is full|disk I\/O error/i,
    (folder) =>
      `The disk with ${folder} is full or failing: free some space, or choose another folder.`,
  ],
  [
    /SQLITE_CORRUPT|SQLITE_NOTADB|malformed|not a database/i,
    (folder) => `The data in ${folder} is damaged: remove the folder, or choose another one.`,
  ],
];

/** `log` contains the runtime's errors, and `folder` its files. */
export function startFailure(error: unknown, log: string[], folder: string): SandboxError {
  if (error instanceof SandboxError) return error;
  const { message } = error as Error;
  const messages = [message, ...log].join("\n");
  const [, sentence] = CAUSES.find(([pattern]) => pattern.test(messages)) ?? [];
  const [firstLine = ""] = message.split("\n");
  return new SandboxError(sentence?.(folder) ?? `The sandbox can't start: ${firstLine}`, {
    cause: error,
  });
}
