/** What a user of the package has: its tarball, Node, npm, and none of this project's tools. */
import { exec } from "node:child_process";
import { delimiter, resolve } from "node:path";
import { promisify } from "node:util";

/** Packs the tarball into a folder, unless there is one to be tested: that which is about to be published. */
export async function tarballIn(folder: string): Promise<string> {
  const given = process.env["TARBALL"];
  if (given) return resolve(given);
  const { stdout } = await promisify(exec)(
    `npm run --silent package -- --pack-destination ${folder}`,
  );
  return resolve(folder, stdout.trim().split("\n").at(-1) ?? "");
}

export function userEnv(): NodeJS.ProcessEnv {
  const foreign = /^(npm_|VITEST|NODE_ENV|NODE_OPTIONS)/;
  const path = (process.env["PATH"] ?? "").split(delimiter);
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))),
    // A newer Node than the machine may have, and none of this project's tools.
    PATH: [
      resolve("node_modules/node/bin"),
      ...path.filter((each) => !each.includes("node_modules")),
    ].join(delimiter),
    npm_config_registry: process.env["npm_config_registry"],
  };
}
