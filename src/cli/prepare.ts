/**
 * What wrangler.toml has Wrangler run before it builds: it builds the console. Before `wrangler dev` it also
 * migrates and seeds the database, so that a fresh clone serves at once. Wrangler doesn't say where
 * `--persist-to` points, so that this knows the usual folder alone.
 */
import { buildConsole } from "./console.ts";
import { MANNER } from "./manner.ts";
import { fail } from "./tools.ts";

await buildConsole();
if (process.env["WRANGLER_COMMAND"] === "dev") await prepare(MANNER.persistTo!);

async function prepare(folder: string): Promise<void> {
  const { isServed } = await import("../local/state-folder.ts");
  // Once it is served, this is a reload, or `npm start` has prepared it.
  if (isServed(folder)) return;
  const { describeWorker } = await import("./build.ts");
  const { prepareFolder } = await import("../local/runtime.ts");
  const { built } = await describeWorker();
  await prepareFolder(folder, built).catch((error: unknown) => fail((error as Error).message));
}
