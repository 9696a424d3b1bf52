import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const MAX_KIBIBYTES_GZIPPED = 192;

it(`deploys, and is at most ${MAX_KIBIBYTES_GZIPPED} KiB by Wrangler's own figure`, async () => {
  const folder = await mkdtemp(join(tmpdir(), "bundle-"));
  try {
    const { stdout } = await promisify(execFile)("wrangler", [
      "deploy",
      "--dry-run",
      "--outdir",
      folder,
    ]);
    const size = Number(/gzip: ([\d.]+) KiB/.exec(stdout)?.[1]);
    console.log(`the bundle has ${size} KiB gzipped`);
    expect(size).toBeLessThanOrEqual(MAX_KIBIBYTES_GZIPPED);
  } finally {
    await rm(folder, { recursive: true });
  }
});
