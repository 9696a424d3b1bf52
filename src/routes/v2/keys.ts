import { Hono } from "hono";
import { KEY_CACHE_SECONDS } from "../../access/key-cache.ts";
import { createKey, revokeKey } from "../../access/keys.ts";
import type { AppEnv } from "../../http/context.ts";
import { closeStreams } from "../../http/workbench.ts";
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
        "Creates another key for the same environment. The key is shown only in this response. If the response is lost, revoke the key and create another one.",
      responses: { 200: { description: "The new key", schema: key } },
      errors: ["CONFLICT_ERROR"],
    }),
    async (c) => {
      const { key: created, created_at } = await createKey(c);
      return c.json({ key: created, created_at }, 200);
    },
  )
  .delete(
    "/v2/keys",
    describeOperation({
      tag,
      operationId: "deleteKey",
      summary: "Delete the API key in use",
      description: `Deletes the key that sends the request. It stops working everywhere within ${KEY_CACHE_SECONDS} seconds. An environment's only key can't be deleted.`,
      responses: { 200: { description: "The deleted key", schema: key } },
      errors: ["CONFLICT_ERROR"],
    }),
    async (c) => {
      const { id, created_at } = c.get("apiKey");
      const { deleted_at } = await revokeKey(c, id);
      closeStreams(c, c.get("apiKey").environment_id, id);
      return c.json({ key: c.get("sentKey"), created_at, deleted_at }, 200);
    },
  );
