/**
 * Imports the document of a running sandbox with other tools, and runs the result against the sandbox:
 * `node test/clients/main.ts`. It is a separate CI job, since the tools are large.
 */
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { freePort, Server } from "../e2e/server.ts";
import { expectNoInventions, runCollection } from "./postman.ts";

const folder = await mkdtemp(join(tmpdir(), "orders-sandbox-clients-"));
const document = join(folder, "openapi.json");

async function run(tool: string, ...args: string[]): Promise<void> {
  try {
    await promisify(execFile)(tool, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${tool} ${args.join(" ")} failed:\n${stdout}${stderr}`, { cause: error });
  }
}
const runTool = (tool: string, ...args: string[]) =>
  run(join(folder, "node_modules", ".bin", tool), ...args);

/** Compiles and runs a program that uses a generated client. */
async function runProgram(name: string): Promise<void> {
  const config = { extends: "./tsconfig.json", files: [`${name}.ts`] };
  await writeFile(join(folder, `tsconfig.${name}.json`), JSON.stringify(config));
  await runTool("tsc", "-p", `tsconfig.${name}.json`);
  const outfile = join(folder, `${name}.mjs`);
  const entryPoints = [join(folder, `${name}.ts`)];
  await build({ entryPoints, outfile, bundle: true, format: "esm", platform: "node" });
  await run(process.execPath, outfile);
}

const CHECKS: Record<string, (url: string) => Promise<void>> = {
  async "Spectral finds no error"() {
    await writeFile(join(folder, ".spectral.json"), '{ "extends": ["spectral:oas"] }');
    await runTool("spectral", "lint", document, "-r", ".spectral.json", "-F", "error");
  },
  async "Postman's import invents no header, ID or URL"(url) {
    await runTool("openapi2postmanv2", "-s", document, "-o", "placeholders.json");
    await expectNoInventions(join(folder, "placeholders.json"), url);
  },
  async "Postman's import with examples runs in newman"() {
    const options = "parametersResolution=Example";
    await runTool("openapi2postmanv2", "-s", document, "-o", "examples.json", "-O", options);
    await runCollection(folder, "examples.json");
  },
  async "the client of @hey-api/openapi-ts compiles and works"() {
    const client = "@hey-api/client-fetch";
    await runTool("openapi-ts", "-i", document, "-o", "hey-api", "-c", client);
    await runProgram("hey-api");
  },
  async "the client of orval compiles and works"(url) {
    const output = { target: "./orval/client.ts", client: "fetch", baseUrl: url };
    const config = { sandbox: { input: document, output } };
    await writeFile(join(folder, "orval.mjs"), `export default ${JSON.stringify(config)}`);
    await runTool("orval", "--config", "orval.mjs");
    await runProgram("orval");
  },
};

await cp("test/clients/programs", folder, { recursive: true });
await cp("test/clients/tools.json", join(folder, "package.json"));
await run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts");
const server = await new Server(await freePort(), join(folder, "state")).ready();
let failed = 0;
try {
  await writeFile(document, await (await fetch(`${server.url}/openapi.json`)).text());
  for (const [name, check] of Object.entries(CHECKS)) {
    try {
      await check(server.url);
      console.log(`✓ ${name}`);
    } catch (error) {
      failed += 1;
      console.error(`✗ ${name}\n${(error as Error).message}`);
    }
  }
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
console.log(`${Object.keys(CHECKS).length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
