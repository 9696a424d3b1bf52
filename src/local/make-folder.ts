import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { SandboxError } from "./sandbox-error.ts";

/** Creates a folder with its parents. `purpose` and `remedy` complete the sentence of the error. */
export function makeWritableFolder(folder: string, purpose: string, remedy: string): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new SandboxError(
      `Can't store ${purpose} in ${folder}: ${(error as Error).message}; ${remedy}.`,
      {
        cause: error,
      },
    );
  }
}

/** Only the folder's owner may read its contents. */
const OWNER_ONLY = 0o700;

/** Node's recursive `mkdir` hangs on a path under /proc. */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  mkdirSync(folder, OWNER_ONLY);
}
