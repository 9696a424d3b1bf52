import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const ON_A_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

export const WITHOUT_CHROMIUM =
  "The tests of the docs page need Chromium, and there is none: install it (on Debian: apt-get install chromium), or set CHROMIUM to the path of one.";

/** What Playwright is told to launch. */
export interface Chromium {
  executablePath: string;
  env?: NodeJS.ProcessEnv;
}

/** Whether `prepareChromium` will find one. */
export function hasChromium(): boolean {
  return findChromium() !== undefined || isPacked();
}

/** An installed Chromium, else the one that `npm ci` brought. That one is unpacked into the folder. */
export async function prepareChromium(folder: string): Promise<Chromium> {
  const executablePath = findChromium();
  if (executablePath) return { executablePath };
  if (isPacked()) return unpackChromium(folder);
  throw new Error(WITHOUT_CHROMIUM);
}

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

/** The package has a Chromium for this system alone. Whoever sets CHROMIUM wants no other. */
function isPacked(): boolean {
  return !process.env["CHROMIUM"] && process.platform === "linux" && process.arch === "x64";
}

/** Unpacks the package's Chromium, with libraries and a font that a bare system lacks. */
export async function unpackChromium(folder: string): Promise<Chromium> {
  await mkdir(folder, { recursive: true });
  const program = 'import chromium from "@sparticuz/chromium"; await chromium.executablePath();';
  await promisify(execFile)("node", ["--input-type=module", "--eval", program], {
    // The package unpacks to where temporary files go, and its libraries only on AWS. A process of its
    // own can be told so. The shared /tmp won't do: two runs at once would meet there.
    env: { ...process.env, TMPDIR: folder, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x" },
  });
  // The package's own file looks for the font in /tmp.
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
