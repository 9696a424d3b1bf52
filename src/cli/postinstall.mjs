/** What `npm ci` does last. In JavaScript, which any Node runs. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import plugin from "@scalar/fastify-api-reference";

const ASSETS = "node_modules/.assets/docs";
const NODE = "node_modules/node/node_modules";

takeOutScalar();
removeHeaders();
build();

/**
 * Puts the script of the docs page where wrangler.toml serves files from. Its package is a plugin of Fastify,
 * which answers the script at one of its routes.
 */
function takeOutScalar() {
  const routes = [];
  const fastify = { route: (route) => routes.push(route) };
  plugin(fastify, { configuration: { url: "/openapi.json" } }, () => {});

  mkdirSync(ASSETS, { recursive: true });
  const save = (script) => writeFileSync(`${ASSETS}/scalar.js`, script);
  const reply = { header: () => reply, send: save };
  routes.find(({ url }) => url.endsWith("/scalar.js")).handler({}, reply);
}

/** Removes Node's headers, 67 MB that only the building of addons needs. */
function removeHeaders() {
  for (const each of existsSync(NODE) ? readdirSync(NODE) : []) {
    rmSync(`${NODE}/${each}/include`, { recursive: true, force: true });
  }
}

/** Builds the Worker, so that the first `npm start` has nothing to wait for. npm finds the newer Node. */
function build() {
  execFileSync("node", ["src/cli/build.ts"], { stdio: "inherit" });
}
