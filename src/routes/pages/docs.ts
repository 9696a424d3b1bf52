import { Hono } from "hono";
import { html } from "hono/html";
import { serveAsset, localKey, protectPage } from "./page.ts";
import type { AppEnv } from "../../http/context.ts";

/** The configuration of Scalar. The page contacts only this server and stores no key. */
const configuration = (key: string) => ({
  url: "/openapi.json",
  // Requests go to this server.
  baseServerURL: "",
  authentication: {
    preferredSecurityScheme: "apiKey",
    securitySchemes: { apiKey: { token: key } },
  },
  persistAuth: false,
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: "never",
});

/** Reserves space for our bar above Scalar's page. */
const STYLE = `
  :root { --scalar-custom-header-height: 2.5rem; }
  body { margin: 0; }
  .way { position: sticky; top: 0; z-index: 10; display: flex; align-items: center; box-sizing: border-box;
    height: 2.5rem; padding: 0 1.25rem; font: 0.875rem system-ui, sans-serif;
    background: var(--scalar-background-1, Canvas); color: var(--scalar-color-1, CanvasText);
    border-bottom: 1px solid var(--scalar-border-color, GrayText); }
  .way a { color: inherit; }
`;

const page = (key: string) =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Orders Sandbox: reference</title>
        <link rel="icon" href="data:," />
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <nav class="way" aria-label="Sandbox">
          <a href="/console">Open the console</a>
        </nav>
        <script
          id="api-reference"
          data-configuration="${JSON.stringify(configuration(key))}"
        ></script>
        <script src="/docs/scalar.js"></script>
      </body>
    </html>`;

export const docs = new Hono<AppEnv>()
  .get(
    "/docs",
    protectPage({
      // Scalar writes its styles into the page.
      styleSrc: ["'unsafe-inline'"],
      fontSrc: ["data:"],
      imgSrc: ["'self'", "data:"],
    }),
    (c) => c.html(page(localKey(c))),
  )
  .get("/docs/scalar.js", serveAsset);
