import { Hono } from "hono";
import { accepts } from "hono/accepts";
import type { AppEnv } from "../../http/context.ts";

const NAME = "Orders Sandbox";
const DESCRIPTION = "An Imprint-compatible orders API to build and test an integration against.";

/** `/`: redirects browsers to the console, and describes the sandbox to programs in JSON. */
export const home = new Hono<AppEnv>().get("/", (c) => {
  const { origin } = new URL(c.req.url);
  c.header("Vary", "Accept");
  const type = accepts(c, {
    header: "Accept",
    supports: ["application/json", "text/html"],
    default: "application/json",
  });
  if (type === "text/html") return c.redirect("/console");
  return c.json({
    name: NAME,
    description: DESCRIPTION,
    console: `${origin}/console`,
    reference: `${origin}/docs`,
    openapi: `${origin}/openapi.json`,
    llms: `${origin}/llms.txt`,
  });
});
