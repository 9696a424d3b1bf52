import { Hono } from "hono";
import { KEY_CACHE_SECONDS } from "../../access/key-cache.ts";
import { createKey, revokeKey } from "../../access/keys.ts";
import type { AppEnv } from "../../http/context.ts";
import { endStreamsOf } from "../../http/workbench.ts";
import { describeOperation } from "../../openapi/describe-operation.ts";
import { key } from "../../schemas/keys.ts";

const tag = "Keys";

export const keys = new Hono<AppEnv>()
  .post(
    "/v2/keys",
    describeOperation({
      tag,
      operationId: "createKey",
      summary: "Create an API key",
      description:
        "Another key of the same environment. It is shown in this answer and never again: a request whose answer is lost leaves a key that nobody knows.",
      responses: { 200: { description: "The new key", schema: key } },
      errors: ["CONFLICT_ERROR"],
    }),
    async (c) => c.json(await createKey(c), 200),
  )
  .delete(
    "/v2/keys",
    describeOperation({
      tag,
      operationId: "deleteKey",
      summary: "Delete the API key in use",
      description: `The key that makes the call stops working, everywhere within ${KEY_CACHE_SECONDS} seconds. An environment's only key can't be deleted.`,
      responses: { 200: { description: "The deleted key", schema: key } },
      errors: ["CONFLICT_ERROR"],
    }),
    async (c) => {
      const { id, created_at } = c.get("apiKey");
      const { deleted_at } = await revokeKey(c, id);
      endStreamsOf(c, id);
      return c.json({ key: c.get("sentKey"), created_at, deleted_at }, 200);
    },
  );
