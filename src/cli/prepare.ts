/**
 * Wrangler's build command: builds the console and, for `wrangler dev`, migrates and seeds the database. Wrangler
 * doesn't pass on `--persist-to`, so this program only knows the default folder.
 */
import { buildConsole } from "./console.ts";
import { STATE_FOLDER } from "./npm-invocation.ts";
import { fail } from "./tools.ts";

await buildConsole();
if (process.env["WRANGLER_COMMAND"] === "dev") await setUpState();

async function setUpState(): Promise<void> {
  const { isInUse } = await import("../local/state-folder.ts");
  // A server has already set the folder up: this is a reload, or `npm start` runs on it.
  if (isInUse(STATE_FOLDER)) return;
  const { describeWorker } = await import("./build.ts");
  const { setUpFolder } = await import("../local/runtime.ts");
  const { built } = await describeWorker();
  await setUpFolder(STATE_FOLDER, built).catch((error: unknown) => fail((error as Error).message));
}
