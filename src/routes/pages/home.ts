import { Hono } from "hono";
import { accepts } from "hono/accepts";
import type { AppEnv } from "../../http/context.ts";

const NAME = "Orders Sandbox";
const DESCRIPTION = "An Imprint-compatible orders API to build and test an integration against.";

/** `/`: people go on to the console; programs get as JSON what this is and where to go on. */
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
  });
});
