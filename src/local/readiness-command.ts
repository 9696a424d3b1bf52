/** `orders-sandbox readiness`: prints the report, and exits with 1 if a required check has not passed. */
import { parseArgs } from "node:util";
import { CHECK_IDS } from "../domain/readiness/checks.ts";
import { createClient } from "./api-client.ts";
import { DEFAULT_KEY, DEFAULT_URL, keyOf, originOf, unknownFlag } from "./flags.ts";
import { FORMATS, missingChecks } from "./readiness-formats.ts";
import { SandboxError } from "./sandbox-error.ts";
import { print } from "./terminal.ts";

const DEFAULT_FORMAT = "text";
const ALL = "all" as const;

const usage = (command: string): string => `Usage: ${command} [flags]

Reports which checks the requests of an integration have passed. Exits with 1 unless all required checks passed.

  --require <checks>   all, or IDs of checks separated by commas. Default: ${ALL}
  --environments all   include all environments of the partner, even deleted ones. Needs a key of the first one
  --since <time>       only requests at this time or later (RFC 3339). Default: the last 7 days
  --format <format>    ${Object.keys(FORMATS).join(", ")}. Default: ${DEFAULT_FORMAT}
  --url <URL>          the sandbox. Default: ${DEFAULT_URL}
  --key <key>          a key of the environment. Default: SANDBOX_KEY, or else ${DEFAULT_KEY}
  --help
`;

/** `command` is the command line to print in the usage. */
export async function readiness(args: string[], command: string): Promise<void> {
  const { url, key, since, environments, require, format, help } = readFlags(args, command);
  if (help) return void process.stdout.write(usage(command));
  const query = { since, environments };
  const report = await createClient(url, key)("get", "/sandbox/readiness", { query });
  const required = new Set(require ?? report.checks.map(({ id }) => id));
  print(format({ report, required }));
  if (missingChecks({ report, required }).length > 0) process.exitCode = 1;
}

function readFlags(args: string[], command: string) {
  const {
    url = DEFAULT_URL,
    key,
    since,
    environments,
    require = ALL,
    ...flags
  } = parse(args, command);
  const format = FORMATS[flags.format ?? DEFAULT_FORMAT];
  if (!format) throw expected("--format", Object.keys(FORMATS).join(", "), flags.format!);
  const areAll = environments === ALL;
  if (environments !== undefined && !areAll) throw expected("--environments", ALL, environments);
  return {
    help: flags.help,
    format,
    since,
    environments: areAll ? ALL : undefined,
    require: requiredIds(require, areAll),
    url: originOf(url),
    key: keyOf(key),
  };
}

/** The IDs that `--require` names; undefined for all. */
function requiredIds(require: string, areAllEnvironments: boolean): string[] | undefined {
  if (require === ALL) return undefined;
  const ids: string[] = CHECK_IDS.filter((id) => areAllEnvironments || id !== "both_readings");
  const required = require.split(",").map((id) => id.trim());
  const unknown = required.find((id) => !ids.includes(id));
  if (unknown !== undefined)
    throw expected("--require", `${ALL}, or some of ${ids.join(",")}`, unknown);
  return required;
}

function expected(flag: string, values: string, received: string): SandboxError {
  return new SandboxError(`${flag} expects ${values}, but received ${received}.`);
}

function parse(args: string[], command: string) {
  const text = { type: "string" } as const;
  const options = {
    require: text,
    environments: text,
    since: text,
    format: text,
    url: text,
    key: text,
    help: { type: "boolean" },
  } as const;
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw unknownFlag(error, command);
  }
}
