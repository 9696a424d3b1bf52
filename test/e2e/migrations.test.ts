import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("are all written: drizzle-kit finds nothing in the schema that they lack", async () => {
  const folder = await mkdtemp(join(tmpdir(), "migrations-"));
  try {
    await cp("drizzle/migrations", folder, { recursive: true });
    const flags = ["--dialect", "sqlite", "--schema", "./src/store/schema.ts", "--out", folder];
    const { stdout } = await promisify(execFile)("drizzle-kit", ["generate", ...flags]);
    expect(stdout).toContain("No schema changes");
  } finally {
    await rm(folder, { recursive: true });
  }
});
