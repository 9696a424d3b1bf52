/** The tests' browser: the Chromium that `npm ci` installs, unless CHROMIUM contains another path. */
import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

export const WITHOUT_CHROMIUM =
  "The browser tests need Chromium, and `npm ci` installs one on Linux x64 only: set CHROMIUM to the path of a Chromium or Chrome.";

/** Launch options for Playwright. */
export interface Chromium {
  executablePath: string;
  env?: NodeJS.ProcessEnv;
}

/** Whether `prepareChromium` can succeed. */
export function hasChromium(): boolean {
  const named = process.env["CHROMIUM"];
  if (named) return isExecutable(named);
  return process.platform === "linux" && process.arch === "x64";
}

/** Uses CHROMIUM or the installed package, and never searches the machine for a browser. */
export async function prepareChromium(folder: string): Promise<Chromium> {
  if (!hasChromium()) throw new Error(WITHOUT_CHROMIUM);
  const named = process.env["CHROMIUM"];
  return named ? { executablePath: named } : unpackChromium(folder);
}

/** Unpacks the installed Chromium, with the libraries and the font that a bare system lacks. */
async function unpackChromium(folder: string): Promise<Chromium> {
  await mkdir(folder, { recursive: true });
  const program = 'import chromium from "@sparticuz/chromium"; await chromium.executablePath();';
  await promisify(execFile)("node", ["--input-type=module", "--eval", program], {
    // The package unpacks into TMPDIR, but skips its libraries unless it believes it is on AWS. A separate process
    // gets both variables, so that this one keeps its own.
    env: { ...process.env, TMPDIR: folder, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x" },
  });
  // The package's own configuration looks for the font in /tmp.
  const fonts = join(folder, "fonts.conf");
  await writeFile(
    fonts,
    `<fontconfig><dir>${folder}/fonts</dir><cachedir>${folder}/fonts</cachedir></fontconfig>`,
  );
  return {
    executablePath: join(folder, "chromium"),
    env: {
      ...process.env,
      LD_LIBRARY_PATH: join(folder, "al2023", "lib"),
      FONTCONFIG_FILE: fonts,
    },
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
