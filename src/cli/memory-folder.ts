import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SHARED_MEMORY = "/dev/shm";
/** The tests write about 2 GB (installs, browsers, databases), and their processes need memory too. */
const MIN_FREE_BYTES = 6 * 2 ** 30;

/**
 * Creates a temporary folder in memory, if enough is free: on a disk, SQLite waits milliseconds for each commit.
 * The folder is removed when this process exits.
 */
export function memoryFolder(): string | undefined {
  try {
    const { bavail, bsize } = statfsSync(SHARED_MEMORY);
    if (Math.min(bavail * bsize, process.availableMemory()) < MIN_FREE_BYTES) return undefined;
    const folder = mkdtempSync(join(SHARED_MEMORY, "orders-sandbox-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    return runsPrograms(folder) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** Containers often mount the shared memory `noexec`, and the tests run a browser and npm packages. */
function runsPrograms(folder: string): boolean {
  const program = join(folder, "program");
  writeFileSync(program, "#!/bin/sh\n", { mode: 0o700 });
  execFileSync(program);
  rmSync(program);
  return true;
}
