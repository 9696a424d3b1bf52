import { Hono } from "hono";
import { accepts } from "hono/accepts";
import { html } from "hono/html";
import { secureHeaders } from "hono/secure-headers";
import type { AppEnv } from "../../http/context.ts";

const NAME = "Orders Sandbox";
const DESCRIPTION = "An Imprint-compatible orders API to build and test an integration against.";

const STYLE = `
  :root { color-scheme: light dark; }
  body { font: 1rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1.25rem; }
  h1 { font-size: 1.75rem; margin: 0; }
  pre { padding: 1rem; border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: 0.5rem; white-space: pre-wrap; overflow-wrap: anywhere; }
  code { font: 0.875rem/1.5 ui-monospace, monospace; }
`;

const page = (origin: string) =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${NAME}</title>
        <link rel="icon" href="data:," />
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <h1>${NAME}</h1>
        <p>${DESCRIPTION} It keeps state, applies the rules, and says why it refuses.</p>
        <p>
          A first call, with your key. Started with <code>npm start</code>, there is
          <code>test_sandbox_a</code>; elsewhere, whoever runs the sandbox has one for you.
        </p>
        <pre><code>curl ${origin}/v2/orders -H "Authorization: Bearer test_sandbox_a"</code></pre>
        <p>
          <a href="/docs">The reference</a>, where you can try each operation ·
          <a href="/openapi.json">The OpenAPI document</a>
        </p>
      </body>
    </html>`;

/** `/`: what this is and where to go on, as HTML for people and as JSON for programs. */
export const home = new Hono<AppEnv>().get(
  "/",
  secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      styleSrc: ["'unsafe-inline'"],
      imgSrc: ["data:"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  }),
  (c) => {
    const { origin } = new URL(c.req.url);
    c.header("Vary", "Accept");
    const type = accepts(c, {
      header: "Accept",
      supports: ["application/json", "text/html"],
      default: "application/json",
    });
    if (type === "text/html") return c.html(page(origin));
    return c.json({
      name: NAME,
      description: DESCRIPTION,
      reference: `${origin}/docs`,
      openapi: `${origin}/openapi.json`,
    });
  },
);
