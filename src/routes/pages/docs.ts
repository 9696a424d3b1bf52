import { Hono } from "hono";
import { html } from "hono/html";
import { secureHeaders } from "hono/secure-headers";
import type { StatusCode } from "hono/utils/http-status";
import type { AppEnv } from "../../http/context.ts";

/** How Scalar's page is set up: it asks nobody but this server, and offers nothing that would. */
const CONFIGURATION = {
  url: "/openapi.json",
  // Every path in the document is this server's.
  baseServerURL: "",
  authentication: { preferredSecurityScheme: "apiKey" },
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: "never",
};

const page = html`<!doctype html>
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>Orders Sandbox: reference</title>
      <link rel="icon" href="data:," />
    </head>
    <body>
      <script id="api-reference" data-configuration="${JSON.stringify(CONFIGURATION)}"></script>
      <script src="/docs/scalar.js"></script>
    </body>
  </html>`;

export const docs = new Hono<AppEnv>()
  .get(
    "/docs",
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        // Scalar writes its styles into the page.
        styleSrc: ["'unsafe-inline'"],
        fontSrc: ["data:"],
        imgSrc: ["'self'", "data:"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    }),
    (c) => c.html(page),
  )
  // As its package has it: at the version in the lock file, and with the ETag that saves a second download.
  .get("/docs/scalar.js", async (c) => {
    const { body, status, headers } = await c.env.ASSETS.fetch(c.req.raw);
    return c.newResponse(body, status as StatusCode, Object.fromEntries(headers));
  });
