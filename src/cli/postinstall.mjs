/** The last step of `npm ci`. It is JavaScript, so that any Node can run it. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import plugin from "@scalar/fastify-api-reference";

const ASSETS = "node_modules/.assets/docs";
const NODE = "node_modules/node/node_modules";

extractScalar();
removeHeaders();
build();

/**
 * Copies the script of the docs page to the assets folder of wrangler.toml. Its package is a Fastify plugin, which
 * serves the script at one of its routes.
 */
function extractScalar() {
  const routes = [];
  const fastify = { route: (route) => routes.push(route) };
  plugin(fastify, { configuration: { url: "/openapi.json" } }, () => {});

  mkdirSync(ASSETS, { recursive: true });
  const save = (script) => writeFileSync(`${ASSETS}/scalar.js`, script);
  const reply = { header: () => reply, send: save };
  routes.find(({ url }) => url.endsWith("/scalar.js")).handler({}, reply);
}

/** Removes Node's headers, 67 MB that are only needed to compile addons. */
function removeHeaders() {
  for (const each of existsSync(NODE) ? readdirSync(NODE) : []) {
    rmSync(`${NODE}/${each}/include`, { recursive: true, force: true });
  }
}

/** Builds the Worker, so that the first `npm start` is fast. npm puts the Node of node_modules on the PATH. */
function build() {
  execFileSync("node", ["src/cli/build.ts"], { stdio: "inherit" });
}
