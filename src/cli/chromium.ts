import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const ON_A_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

export const WITHOUT_CHROMIUM =
  "The tests of the docs page need Chromium, and there is none: install it (on Debian: apt-get install chromium), or set CHROMIUM to the path of one.";

/** The path of Chromium, or of Chrome: what the variable CHROMIUM says, else what is installed. */
export function findChromium(): string | undefined {
  const said = process.env["CHROMIUM"];
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const installed = [
    ...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))),
    ON_A_MAC,
  ];
  return (said ? [said] : installed).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
