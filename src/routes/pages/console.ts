import { Hono, type Context } from "hono";
import { html } from "hono/html";
import type { AppEnv } from "../../http/context.ts";
import { serveAsset, localKey, protectPage } from "./page.ts";

const page = (key: string) =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="local-key" content="${key}" />
        <title>Orders Sandbox: console</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/console/console.css" />
      </head>
      <body>
        <div id="console"></div>
        <noscript>The console needs JavaScript.</noscript>
        <script type="module" src="/console/console.js"></script>
      </body>
    </html>`;

/** `/console`: shows an integration's activity. The page calls the API with the key that the user enters. */
export const consolePages = new Hono<AppEnv>()
  .get("/console/console.js", serveAsset)
  .get("/console/console.css", serveAsset)
  .get(
    "/console/*",
    protectPage({
      styleSrc: ["'self'"],
      imgSrc: ["data:"],
      requireTrustedTypesFor: ["'script'"],
    }),
    (c: Context<AppEnv>) => {
      c.header("Cache-Control", "no-cache");
      return c.html(page(localKey(c)));
    },
  );
