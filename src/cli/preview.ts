/**
 * `npm run preview -- deploy --name pr-12`: deploys a copy of the Worker with its own URL, database, secrets and
 * partner. `npm run preview -- delete --name pr-12` removes it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  configuration,
  database,
  databaseIds,
  randomSecret,
  requireLogin,
  writeSecrets,
  writeTemporary,
} from "./cloudflare.ts";
import { attempt, fail, run } from "./tools.ts";

/** How long a new preview may take to respond at its URL. */
const START_TIMEOUT_MILLISECONDS = 90_000;
const REQUEST_TIMEOUT_MILLISECONDS = 10_000;
const RETRY_MILLISECONDS = 1_000;
/** The preview's and the Worker's name form one DNS label of the URL. */
const MAX_NAME_CHARACTERS = 40;

/** Cloudflare's error codes for an unknown preview or Worker. */
const NOT_FOUND = /\[code: (10025|10007|10090)\]/;

const { command, name, keepPartner } = readArguments();
if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || name.length > MAX_NAME_CHARACTERS) {
  fail(
    `--name must have at most ${MAX_NAME_CHARACTERS} lower-case letters, digits and single hyphens between them, such as pr-12.`,
  );
}

const databaseName = `${configuration.name}-${name}`;
await requireLogin();
let databaseId = (await databaseIds()).get(databaseName);
refuseProduction();
await (command === "deploy" ? deploy() : remove());

function readArguments() {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { name: { type: "string" }, "keep-partner": { type: "boolean" } },
    });
    const [verb, ...others] = positionals;
    if ((verb === "deploy" || verb === "delete") && values.name && others.length === 0) {
      return { command: verb, name: values.name, keepPartner: values["keep-partner"] };
    }
  } catch {
    // An unknown flag also prints the usage.
  }
  return fail(
    "Usage: npm run preview -- deploy --name pr-12 (--keep-partner creates no new partner), or npm run preview -- delete --name pr-12.",
  );
}

async function deploy(): Promise<void> {
  const isNew = !databaseId;
  if (isNew) {
    await run("wrangler", ["d1", "create", databaseName]);
    databaseId = (await databaseIds()).get(databaseName);
    refuseProduction();
  }
  const config = ["--config", writeConfiguration()];
  await run("wrangler", ["d1", "migrations", "apply", "DB", "--remote", ...config]);

  // Later deployments inherit the KEY_SECRET, which the keys of the preview's partners need.
  const adminToken = randomSecret();
  const secrets = {
    ...(isNew && { KEY_SECRET: randomSecret() }),
    ...(!keepPartner && { ADMIN_TOKEN: adminToken }),
  };
  const hasSecrets = Object.keys(secrets).length > 0;
  const secretFlags = hasSecrets ? ["--secrets-file", writeSecrets(secrets)] : [];
  // The base config in Cloudflare's dashboard could add any binding.
  const flags = ["--name", name, "--json", "--ignore-base-config", ...config, ...secretFlags];
  const output = await run("wrangler", ["preview", ...flags]);
  // Wrangler prints lines about assets before the JSON.
  const { preview } = JSON.parse(output.slice(output.search(/^\{/m))) as {
    preview: { urls?: string[] };
  };
  const url = preview.urls?.[0];
  if (!url) {
    fail(
      "The preview has no URL: deploy the Worker once with npm run deploy, then run this again.",
    );
  }
  const key = keepPartner ? undefined : await createPartner(url, adminToken);
  console.log(JSON.stringify({ url, key }));
}

async function remove(): Promise<void> {
  const args = ["preview", "delete", "--name", name, "--skip-confirmation"];
  const { succeeded, output } = await attempt("wrangler", args);
  if (!succeeded && !NOT_FOUND.test(output)) {
    process.stderr.write(output);
    fail(`The preview ${name} could not be deleted: Wrangler's output is above.`);
  }
  if (databaseId) await run("wrangler", ["d1", "delete", databaseName, "--skip-confirmation"]);
  console.log(`The preview ${name} and its database ${databaseName} are deleted.`);
}

function refuseProduction(): void {
  if (databaseName === database.database_name || databaseId === database.database_id) {
    fail(`The preview ${name} would use production's database: choose another --name.`);
  }
}

/**
 * Writes a copy of wrangler.toml with the preview's database in place of production's. It is in the same folder,
 * because Wrangler resolves paths from there.
 */
function writeConfiguration(): string {
  const d1_databases = [{ ...database, database_name: databaseName, database_id: databaseId }];
  const previews = { ...configuration.previews, d1_databases };
  return writeTemporary(`.wrangler.${name}.json`, { ...configuration, d1_databases, previews });
}

/** Creates the preview's partner as soon as the preview responds, and returns the partner's key. */
async function createPartner(url: string, adminToken: string): Promise<string> {
  const deadline = Date.now() + START_TIMEOUT_MILLISECONDS;
  for (;;) {
    // A request that times out may create a second partner, which is harmless in a preview.
    const result = await requestPartner(url, adminToken);
    if ("key" in result) return result.key;
    if (Date.now() > deadline) {
      fail(
        `${url} doesn't create a partner (${result.problem}): see its log in Cloudflare's dashboard.`,
      );
    }
    await sleep(RETRY_MILLISECONDS);
  }
}

async function requestPartner(
  url: string,
  adminToken: string,
): Promise<{ key: string } | { problem: string }> {
  try {
    const response = await fetch(`${url}/sandbox/partners`, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${adminToken}`,
        "Content-Type": "application/json",
      },
      body: JSON.stringify({ name: `Preview ${name}` }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MILLISECONDS),
    });
    if (!response.ok) return { problem: `status ${response.status}` };
    const { key } = (await response.json()) as { key?: string };
    return key ? { key } : { problem: "no key in the response" };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
