import { spawnSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Program } from "./program.ts";

const MEBIBYTES = 16;
/** What fills the disk is written in blocks, and then to the last byte. */
const BLOCKS_BYTES = [65_536, 512, 1];

// In a namespace of its own: it needs no rights, nobody else sees it, and it ends with its process.
const IN_NAMESPACE = ["--map-root-user", "--mount"];

/** Whether this machine lets a user mount: Linux does, where no policy forbids it. */
export const canMountDisk =
  spawnSync("unshare", [...IN_NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", tmpdir()]).status === 0;

/** A disk in memory, which can be filled. */
export class SmallDisk {
  readonly #program: Program;
  #root = "";

  constructor() {
    const script = `mount -t tmpfs -o size=${MEBIBYTES}m tmpfs "$1" && echo "mounted by $$." && exec sleep infinity`;
    const args = [...IN_NAMESPACE, "sh", "-c", script, "sh", tmpdir()];
    this.#program = new Program("unshare", args, "mounted by");
  }

  /** A new folder on the disk, by a path that every process of this user can open. */
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
