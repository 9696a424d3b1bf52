/** Detects a state folder that is removed or replaced while a sandbox runs on it. */
import { statSync } from "node:fs";
import { clearInterval, setInterval } from "node:timers";
import { databasesIn } from "./state-folder.ts";

/** Writes acknowledged within this time after the folder is removed are lost with it. */
const POLL_MILLISECONDS = 200;

/**
 * Calls `callback` once, when a database that the folder contains now is gone or is another file. Polls the
 * paths, because `fs.watch` misses a parent folder that is renamed and, on some systems, a disk that is
 * unmounted. Returns the function that stops the watch.
 */
export function watchFolder(folder: string, callback: () => void): () => void {
  const paths = databasesIn(folder);
  const before = paths.map(identityOf).join();
  const timer = setInterval(() => {
    if (paths.map(identityOf).join() === before) return;
    clearInterval(timer);
    callback();
  }, POLL_MILLISECONDS).unref();
  return () => clearInterval(timer);
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
