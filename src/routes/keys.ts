import { Hono, type Context } from "hono";
import { unauthenticated } from "../http/authenticate.ts";
import { originOf, type AppEnv } from "../http/context.ts";
import { describeOperation } from "../http/describe.ts";
import { ApiError } from "../http/errors.ts";
import { idempotencyOf, replay } from "../http/idempotency.ts";
import { keyCache } from "../http/key-cache.ts";
import { countingFailures } from "../http/rate-limits.ts";
import { deriveSecret, keptOf, newSecret } from "../http/secrets.ts";
import { validateHeaders } from "../http/validate.ts";
import { toTimestamp } from "../domain/timestamp.ts";
import { postHeaders } from "../schemas/headers.ts";
import { key } from "../schemas/keys.ts";
import { deleteKey, insertKey } from "../store/keys.ts";

const tag = "Keys";

export const keys = new Hono<AppEnv>()
  .post(
    "/v2/keys",
    describeOperation({
      tag,
      operationId: "createKey",
      summary: "Create an API key",
      description:
        "Another key of the same partner. It is shown in this answer and never again, but for a repetition with the same Idempotency-Key.",
      answers: {
        200: { description: "The new key", schema: key, headers: ["Idempotent-Replayed"] },
      },
      errors: ["INVALID_REQUEST_ERROR", "IDEMPOTENCY_ERROR"],
    }),
    validateHeaders(postHeaders),
    async (c) => {
      const apiKey = c.get("apiKey");
      const header = c.req.valid("header")["Idempotency-Key"];
      const origin = originOf(c, await idempotencyOf(c, header, apiKey.hash));
      const answer = { nonce: newSecret(), created_at: origin.changed_at };
      const secret = await deriveSecret(c.get("secret"), answer.nonce);
      const added = { ...(await keptOf(secret)), created_at: answer.created_at };
      const outcome = await insertKey(c.get("db"), added, apiKey, origin, JSON.stringify(answer));
      if (outcome === "not allowed") return forgotten(c);
      if (outcome === "inserted") {
        return c.json({ key: secret, created_at: answer.created_at }, 200);
      }
      const earlier = await replay<typeof answer>(c, origin);
      const repeated = await deriveSecret(c.get("secret"), earlier.nonce);
      return c.json({ key: repeated, created_at: earlier.created_at }, 200);
    },
  )
  .delete(
    "/v2/keys",
    describeOperation({
      tag,
      operationId: "deleteKey",
      summary: "Delete the API key in use",
      description:
        "The key that makes the call stops working, everywhere within 30 seconds. A partner's only key can't be deleted.",
      answers: { 200: { description: "The deleted key", schema: key } },
      errors: ["CONFLICT_ERROR"],
    }),
    async (c) => {
      const apiKey = c.get("apiKey");
      const now = new Date();
      const deleted_at = toTimestamp(now);
      const outcome = await deleteKey(c.get("db"), apiKey, deleted_at);
      if (outcome === "not allowed") return forgotten(c);
      if (outcome === "last key") {
        throw new ApiError({
          type: "CONFLICT_ERROR",
          message:
            "This is the only key, and deleting it would lock you out: create another one first.",
        });
      }
      // It stops here at once, and elsewhere when the other isolates ask again.
      keyCache.set(c.get("secret"), { ...apiKey, deleted_at }, now.getTime());
      return c.json({ key: c.get("secret"), created_at: apiKey.created_at, deleted_at }, 200);
    },
  );

/** A key that this isolate remembers, and that was deleted elsewhere: from now on it is refused here too. */
function forgotten(c: Context<AppEnv>): Promise<never> {
  keyCache.forget(c.get("secret"));
  return countingFailures(c, () => Promise.reject(unauthenticated("The API key was deleted.")));
}
