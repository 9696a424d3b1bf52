/** What the programs that act on a Cloudflare account share. */
import { experimental_readRawConfig, type Unstable_RawConfig } from "wrangler";
import { attempt, fail, run } from "./tools.ts";

/** wrangler.toml, as it is written. */
export const configuration: Unstable_RawConfig = experimental_readRawConfig({
  config: "wrangler.toml",
}).rawConfig;

/** The database of the deployed sandbox. */
export const database = configuration.d1_databases?.[0] ?? fail("wrangler.toml has no database.");

/** Ends the program where Wrangler can't act for anybody. */
export async function requireLogin(): Promise<void> {
  if (process.env["CLOUDFLARE_API_TOKEN"]) return;
  const { succeeded } = await attempt("wrangler", ["whoami", "--json"]);
  if (succeeded) return;
  fail("Nobody is logged in to Cloudflare: run npx wrangler login, or set CLOUDFLARE_API_TOKEN.");
}

/** The ids of the account's databases, by name. */
export async function databaseIds(): Promise<Map<string, string>> {
  const databases = JSON.parse(await run("wrangler", ["d1", "list", "--json"])) as {
    name: string;
    uuid: string;
  }[];
  return new Map(databases.map(({ name, uuid }) => [name, uuid]));
}
