import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeWritableFolder } from "./make-folder.ts";

/**
 * Makes this process store its temporary files, such as data in memory, in a folder that only its user can read.
 * Returns the folder. It is removed when this process exits.
 */
export function usePrivateTemporaryFolder(): string {
  const folder = join(tmpdir(), `orders-sandbox-${randomUUID()}`);
  makeWritableFolder(folder, "temporary files", "set TMPDIR to a folder that exists");
  Object.assign(process.env, temporaryVariables(folder));
  process.on("exit", () => removeFolder(folder));
  return folder;
}

/** The variables that choose the folder of temporary files on each platform. */
export const temporaryVariables = (folder: string) => ({
  TMPDIR: folder,
  TEMP: folder,
  TMP: folder,
});

/** Removes a folder when this process exits. A workerd that is ending may still write to it, so this tries again. */
export function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  } catch {
    // workerd is still writing. `workerd-guard.ts` removes the folder after ending it.
  }
}
