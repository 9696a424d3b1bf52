import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("are all written: drizzle-kit finds nothing in the schema that they lack", async () => {
  const folder = await mkdtemp(join(tmpdir(), "migrations-"));
  try {
    await cp("drizzle/migrations", folder, { recursive: true });
    // drizzle-kit takes no absolute folder, and reports failures with exit code 0.
    const out = relative(".", folder);
    const flags = ["--dialect", "sqlite", "--schema", "./src/store/schema.ts", "--out", out];
    const { stdout } = await promisify(execFile)("drizzle-kit", ["generate", ...flags]);
    expect(stdout).toContain("No schema changes");
  } finally {
    await rm(folder, { recursive: true });
  }
});
