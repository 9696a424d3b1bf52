/** Replaces `zod/v4/core` in the bundle (see wrangler.toml): hono-openapi uses only this function of it. */
export { toJSONSchema } from "zod";
