/**
 * After `npm ci`: puts the script of the docs page where wrangler.toml serves files from. Its package is a
 * plugin of Fastify, which answers the script at one of its routes. In JavaScript, which any Node runs.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import plugin from "@scalar/fastify-api-reference";

const FOLDER = "node_modules/.assets/docs";

const routes = [];
const fastify = { route: (route) => routes.push(route) };
plugin(fastify, { configuration: { url: "/openapi.json" } }, () => {});

mkdirSync(FOLDER, { recursive: true });
const save = (script) => writeFileSync(`${FOLDER}/scalar.js`, script);
const reply = { header: () => reply, send: save };
routes.find(({ url }) => url.endsWith("/scalar.js")).handler({}, reply);
