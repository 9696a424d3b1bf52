/** Shared by the commands that change a Cloudflare account. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { experimental_readRawConfig, type Unstable_RawConfig } from "wrangler";
import { attempt, fail, run } from "./tools.ts";

/** The contents of wrangler.toml. */
export const configuration: Unstable_RawConfig = experimental_readRawConfig({
  config: "wrangler.toml",
}).rawConfig;

/** The database of the deployed sandbox. */
export const database = configuration.d1_databases?.[0] ?? fail("wrangler.toml has no database.");

/** Ends the program if Wrangler is not logged in. */
export async function requireLogin(): Promise<void> {
  if (process.env["CLOUDFLARE_API_TOKEN"]) return;
  const { succeeded } = await attempt("wrangler", ["whoami", "--json"]);
  if (succeeded) return;
  fail("Not logged in to Cloudflare: run npx wrangler login, or set CLOUDFLARE_API_TOKEN.");
}

/** The IDs of the account's databases, by name. */
export async function databaseIds(): Promise<Map<string, string>> {
  const databases = JSON.parse(await run("wrangler", ["d1", "list", "--json"])) as {
    name: string;
    uuid: string;
  }[];
  return new Map(databases.map(({ name, uuid }) => [name, uuid]));
}

const SECRET_BYTES = 32;

export function randomSecret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

/** Writes a temporary file of secrets for Wrangler, and returns its path. */
export function writeSecrets(secrets: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "secrets-"));
  removeAtExit(folder);
  return writeTemporary(join(folder, "secrets.json"), secrets);
}

/** Writes a file that only its owner can read, and that is removed when the program ends. */
export function writeTemporary(path: string, content: object): string {
  removeAtExit(path);
  writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
  return path;
}

function removeAtExit(path: string): void {
  process.on("exit", () => rmSync(path, { recursive: true, force: true }));
}

// Without a handler, a signal ends the process before its `exit` handlers run.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
