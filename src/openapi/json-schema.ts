/** The one function of `zod/v4/core` that hono-openapi uses: wrangler.toml puts this module in its place. */
export { toJSONSchema } from "zod";
