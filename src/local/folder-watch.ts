/** Detects a state folder that is removed or replaced while a sandbox runs on it. */
import { statSync } from "node:fs";
import { clearInterval, setInterval } from "node:timers";
import { databasesIn } from "./state-folder.ts";

/** After the folder is removed, the sandbox may acknowledge writes for this long. They are lost. */
const POLL_MILLISECONDS = 200;

export interface FolderWatch {
  /** Whether no database has been removed or replaced. */
  isIntact(): boolean;
  stop(): void;
}

/**
 * Calls `callback` once, when a database in the folder is removed or replaced. Polls, because `fs.watch` misses a
 * renamed parent folder and, on some systems, an unmounted disk.
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
