/** Locks on SQLite files. The system releases them when the process ends, even if it crashes. */
import { suppressWarnings } from "./suppress-warnings.ts";

interface Lock {
  release: () => void;
}

const NO_LOCK: Lock = { release: () => undefined };
const SQLITE_BUSY = 5;

/**
 * Returns undefined if another process has locked the file. Locks nothing where that is impossible: before
 * Node 22.13, and on file systems without locks.
 */
export function lockFile(path: string): Lock | undefined {
  const sqlite = suppressWarnings(() => process.getBuiltinModule?.("node:sqlite"));
  if (!sqlite) return NO_LOCK;
  let database: { close: () => void } | undefined;
  try {
    const opened = new sqlite.DatabaseSync(path, { timeout: 0 });
    database = opened;
    opened.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
    return { release: () => opened.close() };
  } catch (error) {
    database?.close();
    return (error as { errcode?: number }).errcode === SQLITE_BUSY ? undefined : NO_LOCK;
  }
}

export function isLocked(path: string): boolean {
  const lock = lockFile(path);
  lock?.release();
  return !lock;
}
