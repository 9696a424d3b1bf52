/** `npm run deploy`: migrates the remote database, deploys the Worker, and prints the next steps. */
import { database, randomSecret, requireLogin, writeSecrets } from "./cloudflare.ts";
import { fail, run } from "./tools.ts";

const PLACEHOLDER_DATABASE_ID = "00000000-0000-0000-0000-000000000000";

if (database.database_id === PLACEHOLDER_DATABASE_ID) {
  fail(
    `wrangler.toml has no database yet: run npx wrangler d1 create ${database.database_name}, and set database_id in wrangler.toml to the ID that it prints.`,
  );
}
await requireLogin();

console.log("Migrating the database …");
// First, so that the new code never runs on an older database.
await run("wrangler", ["d1", "migrations", "apply", "DB", "--remote"]);

console.log("Deploying …");
const deployed = await run("wrangler", ["deploy"]);
const url = /https:\/\/\S+\.workers\.dev/.exec(deployed)?.[0];
const secrets = JSON.parse(await run("wrangler", ["secret", "list"])) as { name: string }[];
const has = (secret: string) => secrets.some(({ name }) => name === secret);
if (!has("KEY_SECRET")) {
  // Only once: a new secret would invalidate all keys.
  await run("wrangler", ["secret", "bulk", writeSecrets({ KEY_SECRET: randomSecret() })]);
}

console.log(`\nOrders Sandbox is deployed${url ? `: ${url}` : "."}\n`);
if (!has("ADMIN_TOKEN")) {
  console.log("Creating partners needs an ADMIN_TOKEN. Set a long random one:\n");
  console.log("  npx wrangler secret put ADMIN_TOKEN\n");
}
console.log("To create a partner and its first key:\n");
console.log(`  ADMIN_TOKEN=… npm run partner -- create "Name" --url ${url ?? "<URL>"}\n`);
