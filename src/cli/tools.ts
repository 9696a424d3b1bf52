import { spawn } from "node:child_process";
import { once } from "node:events";

/** Turns off prompts, update notices and statistics, since these runs are not interactive. */
const QUIET = {
  CI: "1",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  REDOCLY_TELEMETRY: "off",
  REDOCLY_SUPPRESS_UPDATE_NOTICE: "true",
};

/** The arguments of `openapi-typescript`: fields with a default stay optional. */
export const CLIENT_TYPES = [
  "src/generated/openapi.json",
  "--default-non-nullable=false",
  "--output=src/generated/openapi.d.ts",
];

export interface Outcome {
  succeeded: boolean;
  stdout: string;
  /** Stdout and stderr, in the order of writing. */
  output: string;
}

/** Runs one of the project's tools, and reports whether it succeeded. npm puts the tools on the PATH. */
export async function attempt(tool: string, args: string[]): Promise<Outcome> {
  const child = spawn(tool, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...QUIET },
  });
  const stdout: Buffer[] = [];
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout.push(chunk);
    output.push(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
  const [code] = (await once(child, "close")) as [number | null];
  return {
    succeeded: code === 0,
    stdout: Buffer.concat(stdout).toString(),
    output: Buffer.concat(output).toString(),
  };
}

/** Runs one of the project's tools and returns its stdout. If it fails, prints its output and ends the program. */
export async function run(tool: string, args: string[]): Promise<string> {
  const { succeeded, stdout, output } = await attempt(tool, args);
  if (!succeeded) {
    process.stderr.write(output);
    fail(`\`${tool} ${args.join(" ")}\` failed: its output is above.`);
  }
  return stdout;
}

/** Prints a sentence that explains what to do, and exits with status 1. */
export function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}
