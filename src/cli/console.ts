/** Bundles the console for the browser, into the assets folder of wrangler.toml. */
import { build } from "esbuild";

const SOURCES = "src/console";
const ASSETS = "node_modules/.assets/console";

export async function buildConsole(): Promise<void> {
  await build({
    entryPoints: [`${SOURCES}/console.tsx`, `${SOURCES}/console.css`],
    outdir: ASSETS,
    tsconfig: `${SOURCES}/tsconfig.json`,
    bundle: true,
    minify: true,
    // The private properties of the libraries.
    mangleProps: /^_[a-z]/,
    format: "esm",
    // The first versions with `light-dark()`, from 2023 and 2024.
    target: ["chrome123", "firefox120", "safari17.5"],
    // Messages of the libraries for their developers.
    drop: ["console"],
    legalComments: "none",
    logLevel: "warning",
  });
}
