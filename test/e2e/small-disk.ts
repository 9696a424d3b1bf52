import { spawnSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Program } from "./program.ts";

const MEBIBYTES = 16;
/** Fills the disk in blocks of these sizes, the last of them byte by byte. */
const BLOCKS_BYTES = [65_536, 512, 1];

// Its own namespace needs no privileges, is invisible to other processes, and ends with its process.
const IN_NAMESPACE = ["--map-root-user", "--mount"];

/** Whether this user can mount a disk. Linux allows it unless a policy forbids it. */
export const canMountDisk =
  spawnSync("unshare", [...IN_NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", tmpdir()]).status === 0;

/** An in-memory disk that a test can fill. */
export class SmallDisk {
  readonly #program: Program;
  #root = "";

  constructor() {
    const script = `mount -t tmpfs -o size=${MEBIBYTES}m tmpfs "$1" && echo "mounted by $$." && exec sleep infinity`;
    const args = [...IN_NAMESPACE, "sh", "-c", script, "sh", tmpdir()];
    this.#program = new Program("unshare", args, "mounted by");
  }

  /** Creates a folder on the disk, and returns a path that every process of this user can open. */
  async folder(name: string): Promise<string> {
    const { output } = await this.#program.ready();
    const [, processId = ""] = /mounted by (\d+)\./.exec(output) ?? [];
    this.#root = join("/proc", processId, "root", tmpdir());
    const folder = join(this.#root, name);
    await mkdir(folder);
    return folder;
  }

  async fill(): Promise<void> {
    for (const bytes of BLOCKS_BYTES) {
      const block = new Uint8Array(bytes);
      const filler = { flag: "a" };
      try {
        for (;;) await writeFile(join(this.#root, "filler"), block, filler);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      }
    }
  }

  free = () => rm(join(this.#root, "filler"));
  unmount = () => this.#program.stop();
}
