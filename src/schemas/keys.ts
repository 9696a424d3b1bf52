import * as z from "zod";
import { responseTimestamp, numericId } from "./fields.ts";
import { limit, listOf } from "./pages.ts";

export const key = z
  .object({
    key: z.string().meta({ description: "The API key", examples: ["test_"] }),
    created_at: responseTimestamp.meta({ description: "When the key was created (RFC 3339)" }),
    deleted_at: responseTimestamp
      .optional()
      .meta({ description: "When the key was deleted (RFC 3339)" }),
  })
  .meta({ id: "Key" });

const listedKey = z
  .object({
    id: z.int().meta({ description: "The key's ID within its environment", examples: [2] }),
    last_four: z
      .string()
      .meta({ description: "The last four characters of the key", examples: ["x7Qk"] }),
    created_at: key.shape.created_at,
    created_by: z
      .int()
      .optional()
      .meta({
        description:
          "The ID of the key that created it. Left out if it was created from outside the environment: by the operator, or with a key of the partner's first environment",
        examples: [1],
      }),
    deleted_at: key.shape.deleted_at,
    last_used_at: responseTimestamp
      .optional()
      .meta({ description: "When the key was last used (RFC 3339), to the hour" }),
  })
  .meta({ id: "ListedKey" });

export const keyList = listOf(listedKey, "KeyList");

const keyNumber = numericId("a key");

export const keyQuery = z.object({
  limit: limit(),
  starting_after: keyNumber
    .optional()
    .meta({ description: "The ID of the last key of the previous page" }),
});

export const keyPath = z.object({ key_id: keyNumber.meta({ description: "The key's ID" }) });

/** A key that was created for another environment. */
export const newKey = listedKey
  .pick({ id: true, created_at: true })
  .extend({ key: key.shape.key })
  .meta({ id: "NewKey" });
