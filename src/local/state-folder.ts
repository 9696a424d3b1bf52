/** The folder that stores a sandbox's data. One server at a time may use it. */
import { existsSync, globSync } from "node:fs";
import { join, resolve } from "node:path";
import { makeWritableFolder } from "./make-folder.ts";
import { SandboxError } from "./sandbox-error.ts";
import { isLocked, lockFile } from "./sqlite-lock.ts";

/** Where Miniflare and Wrangler store data within a state folder. */
export const dataFolderOf = (folder: string): string => resolve(folder, "v3");

const LOCK_FILE = "orders-sandbox.lock";

/** Creates the folder if necessary, locks it, and returns the function that unlocks it. */
export function lockFolder(folder: string): () => void {
  makeWritableFolder(folder, "data", "choose another folder");
  // Only the user can read it, even if others can read the folder.
  makeWritableFolder(dataFolderOf(folder), "data", "choose another folder");
  const lock = lockFile(join(folder, LOCK_FILE));
  if (lock && !hasOpenDatabase(folder)) return lock.release;
  lock?.release();
  throw new SandboxError(
    `Another server uses the state folder ${folder}: stop it, or choose another folder.`,
  );
}

/** Whether a server uses the folder: this program, or `wrangler dev`. */
export function isInUse(folder: string): boolean {
  return existsSync(folder) && (isLocked(join(folder, LOCK_FILE)) || hasOpenDatabase(folder));
}

/** workerd locks its databases, also when Wrangler has started it. */
const hasOpenDatabase = (folder: string): boolean => databasesIn(folder).some(isLocked);

/** The paths of the D1 databases. The folder's name may contain characters that are special in a glob. */
export function databasesIn(folder: string): string[] {
  return globSync("v3/d1/*/*.sqlite", { cwd: folder }).map((path) => join(folder, path));
}
