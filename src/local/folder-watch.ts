/** Detects a state folder that is removed or replaced while a sandbox runs on it. */
import { statSync } from "node:fs";
import { clearInterval, setInterval } from "node:timers";
import { databasesIn } from "./state-folder.ts";

/** Writes acknowledged within this time after the folder is removed are lost with it. */
const POLL_MILLISECONDS = 200;

export interface FolderWatch {
  /** Whether each database is still the file that it was. */
  isIntact(): boolean;
  stop(): void;
}

/**
 * Calls `callback` once, when a database that the folder contains now is gone or is another file. Polls the
 * paths, because `fs.watch` misses a parent folder that is renamed and, on some systems, a disk that is
 * unmounted.
 */
export function watchFolder(folder: string, callback: () => void): FolderWatch {
  const paths = databasesIn(folder);
  const identities = () => paths.map(identityOf).join();
  const before = identities();
  const isIntact = () => identities() === before;
  const timer = setInterval(() => {
    if (isIntact()) return;
    clearInterval(timer);
    callback();
  }, POLL_MILLISECONDS).unref();
  return { isIntact, stop: () => clearInterval(timer) };
}

/** The system doesn't reuse an inode number while workerd has the file open. */
function identityOf(path: string): string {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return "none";
  }
}
