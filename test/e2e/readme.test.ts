import { exec } from "node:child_process";
import { globSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Cloudflare } from "./cloudflare.ts";
import { Program } from "./program.ts";
import { freePort } from "./server.ts";

const NEWCOMER_MILLISECONDS = 5 * 60_000;
const README_PORT = "8787";
const MAX_README_LINES = 199;
const MAX_LINE_CHARACTERS = 110;

/** The documents whose commands run, in this order: the second continues where the first ends. */
const DOCUMENTS = ["README.md", ".github/DEPLOYING.md"];
/** The languages of blocks that show a command's output. */
const OUTPUTS = new Set(["text", "json"]);

interface Block {
  language: string;
  content: string;
}

/** A block of commands, with the block after it if that shows their output. */
interface Step {
  command: string;
  shown: Block | undefined;
}

const documents = await Promise.all(DOCUMENTS.map(async (path) => readFile(path, "utf8")));
const steps = documents.flatMap((markdown) => stepsOf(blocksOf(markdown)));

function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(
    ([, language = "", content = ""]) => ({ language, content }),
  );
}

function stepsOf(blocks: Block[]): Step[] {
  return blocks.flatMap(({ language, content }, index) => {
    const next = blocks[index + 1];
    const shown = next && OUTPUTS.has(next.language) ? next : undefined;
    return language === "sh" ? [{ command: content.trim(), shown }] : [];
  });
}

let folder: string;
let env: NodeJS.ProcessEnv;
let cloudflare: Cloudflare;
let server: Program | undefined;
/** Copies the project as a newcomer gets it: nothing installed, nothing built. */
beforeAll(async () => {
  cloudflare = await new Cloudflare().listen();
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-readme-"));
  const isLeftOut = /(^|\/)(node_modules|\.git|\.wrangler|\.build)$/;
  await cp(".", folder, { recursive: true, filter: (path) => !isLeftOut.test(path) });
  const path = (process.env["PATH"] ?? "").split(delimiter);
  const foreign = /^(npm_|CLOUDFLARE_|VITEST|NODE)/;
  env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))),
    // Node and npm, but none of this project's tools.
    PATH: path.filter((each) => !each.includes("node_modules")).join(delimiter),
    // The registry and cache of the install that this test run uses.
    npm_config_registry: process.env["npm_config_registry"],
    npm_config_cache: process.env["npm_config_cache"],
    npm_config_prefer_offline: "true",
    // The credentials of a logged-in user, for a stand-in for Cloudflare.
    CLOUDFLARE_API_BASE_URL: cloudflare.url,
    CLOUDFLARE_ACCOUNT_ID: "account",
    CLOUDFLARE_API_TOKEN: "token",
  };
});
afterAll(async () => {
  await server?.stop();
  cloudflare.close();
  await rm(folder, { recursive: true, force: true });
});

async function run(command: string): Promise<string> {
  const { stdout } = await promisify(exec)(command, { cwd: folder, env });
  return stdout;
}

/** Removes what differs between runs and npm's own lines. JSON is compared by value. */
function comparable(output: string, language: string): unknown {
  if (language !== "json") return output.replace(/^> .*\n/gm, "").trim();
  const fixed = output
    .replace(/"(\w+_at|request_id|doc_url|transaction_id|doc_url|url|key)": ?"[^"]*"/g, '"$1":"…"')
    .replace(/^[^{]*/, "");
  return JSON.parse(fixed);
}

it(
  "leads a newcomer from an empty folder to a rejected refund, a deployment and a preview",
  async () => {
    const began = Date.now();
    const [install, ...others] = steps;
    expect(install?.command).toBe("npm ci\nnpm start");
    await run("npm ci");
    const port = `${await freePort()}`;
    const flags = ["start", "--", "--port", port];
    server = await new Program("npm", flags, "Try it:", { cwd: folder, env }).ready();
    await expect.poll(() => server?.output).toMatch(/curl .*\n/);
    expect(server.output.replaceAll(port, README_PORT)).toContain(install?.shown?.content);

    for (const { command, shown } of others) {
      const output = await run(command.replaceAll(README_PORT, port));
      if (shown) {
        const expected = comparable(shown.content, shown.language);
        expect(comparable(output, shown.language), command).toEqual(expected);
      }
      if (output.includes("CONFLICT_ERROR")) {
        console.log(`refused after ${Math.round((Date.now() - began) / 1_000)} s`);
        expect(Date.now() - began).toBeLessThan(NEWCOMER_MILLISECONDS);
      }
      if (command.includes("d1 create")) await putDatabaseId();
    }
    expect(others.filter(({ command }) => command.startsWith("curl"))).toHaveLength(2);
  },
  NEWCOMER_MILLISECONDS,
);

/** Does what the guide leaves to the reader: puts the database ID into wrangler.toml. */
async function putDatabaseId(): Promise<void> {
  const file = join(folder, "wrangler.toml");
  const id = cloudflare.databases.get("orders-sandbox")!;
  const toml = await readFile(file, "utf8");
  await writeFile(file, toml.replace(/^database_id = "0.*$/m, `database_id = "${id}"`));
}

it.each(DOCUMENTS)("%s shows output only after the command that prints it", async (path) => {
  const blocks = blocksOf(await readFile(path, "utf8"));
  blocks.forEach(({ language }, index) => {
    if (OUTPUTS.has(language)) expect(blocks[index - 1]?.language).toBe("sh");
    // A command in any other language would be shown but not run.
    // recipes.test.ts runs the example in TypeScript, from the package's tarball.
    else expect(["sh", "toml", "ts"]).toContain(language);
  });
});

it("has a short README", async () => {
  const lines = (await readFile("README.md", "utf8")).trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(MAX_README_LINES);
});

describe.each(["README.md", ...globSync(".github/*.md")])("%s", (path) => {
  it("has no long line, except in tables and in code", async () => {
    const prose = (await readFile(path, "utf8")).replace(/^```[^]*?^```$/gm, "").split("\n");
    const long = prose.filter((line) => !line.startsWith("|") && line.length > MAX_LINE_CHARACTERS);
    expect(long).toEqual([]);
  });

  it("links only to existing files and headings", async () => {
    const links = (await readFile(path, "utf8")).matchAll(/\]\((?!https?:)([^)#]*)#?([^)]*)\)/g);
    for (const [link, file = "", anchor] of links) {
      const target = await readFile(file ? join(dirname(path), file) : path, "utf8");
      if (anchor) expect(anchorsOf(target), link).toContain(anchor);
    }
  });
});

/** The anchors that GitHub gives the headings. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}
