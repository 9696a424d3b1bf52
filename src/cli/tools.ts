import { spawn } from "node:child_process";
import { once } from "node:events";

/** Without questions, update notices and statistics: these runs have no one to answer. */
const QUIET = { CI: "1", WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" };

/** Runs one of the project's tools to its end, and shows its output only where it failed. npm has put the tools on the PATH. */
export async function run(tool: string, args: string[]): Promise<void> {
  const child = spawn(tool, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...QUIET },
  });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
  const [code] = (await once(child, "close")) as [number | null];
  if (code === 0) return;
  process.stderr.write(Buffer.concat(output));
  fail(`\`${tool} ${args.join(" ")}\` failed: its output is above.`);
}

/** Ends the program with one sentence that says what to do. */
export function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}
