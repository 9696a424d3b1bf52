import { Hono } from "hono";
import { KEY_CACHE_SECONDS } from "../../access/key-cache.ts";
import { revokeKey } from "../../access/keys.ts";
import { withoutNulls } from "../../domain/complete.ts";
import type { AppEnv } from "../../http/context.ts";
import { validate } from "../../http/validate.ts";
import { closeStreams } from "../../http/workbench.ts";
import { inCurrentDataset } from "../../http/dataset.ts";
import { describeOperation } from "../../openapi/describe-operation.ts";
import { keyList, keyPath, keyQuery } from "../../schemas/keys.ts";
import { listKeys } from "../../store/keys.ts";

const tag = "Sandbox";

export const sandboxKeys = new Hono<AppEnv>()
  .get(
    "/sandbox/keys",
    describeOperation({
      tag,
      operationId: "listKeys",
      summary: "List API keys",
      description:
        "Returns a page of the environment's keys, newest first, including deleted ones. The sandbox doesn't store the keys themselves, only their last four characters.",
      responses: { 200: { description: "The keys", schema: keyList } },
      errors: ["INVALID_REQUEST_ERROR"],
    }),
    validate("query", keyQuery),
    async (c) => {
      const { data, has_more, total } = await inCurrentDataset(c, (dataset) =>
        listKeys(dataset, c.req.valid("query")),
      );
      return c.json({ data: data.map(withoutNulls), has_more, total }, 200);
    },
  )
  .delete(
    "/sandbox/keys/:key_id",
    describeOperation({
      tag,
      operationId: "revokeKey",
      summary: "Revoke an API key",
      description: `Revokes a key of the environment. It stops working everywhere within ${KEY_CACHE_SECONDS} seconds. An environment's only key can't be revoked.`,
      responses: { 204: { description: "The key was revoked" } },
      errors: ["INVALID_REQUEST_ERROR", "KEY_NOT_FOUND_ERROR", "CONFLICT_ERROR"],
    }),
    validate("param", keyPath),
    async (c) => {
      const { key_id } = c.req.valid("param");
      await revokeKey(c, key_id);
      closeStreams(c, c.get("apiKey").environment_id, key_id);
      return c.body(null, 204);
    },
  );
