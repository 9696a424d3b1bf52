import { Hono } from "hono";
import { usedBefore } from "../domain/idempotency.ts";
import { toTimestamp } from "../domain/timestamp.ts";
import type { AppEnv } from "../http/context.ts";
import { BODY_ERRORS, describeOperation } from "../http/describe.ts";
import { ApiError } from "../http/errors.ts";
import { keyCache } from "../http/key-cache.ts";
import { markReplayed } from "../http/idempotency.ts";
import { deriveSecret, keptOf, newSecret } from "../http/secrets.ts";
import { limitBody, requireJson, validate, validateHeaders } from "../http/validate.ts";
import { postHeaders } from "../schemas/headers.ts";
import {
  newPartner,
  partnerInput,
  partnerList,
  partnerPath,
  partnerQuery,
  partnerRemoval,
} from "../schemas/partners.ts";
import { findPartnerOfKey, insertPartner, listPartners, removePartner } from "../store/partners.ts";

const tag = "Sandbox";
const security = [{ adminToken: [] }];

export const partners = new Hono<AppEnv>()
  .get(
    "/sandbox/partners",
    describeOperation({
      tag,
      security,
      operationId: "listPartners",
      summary: "Retrieve partners",
      description: "A page of the sandbox's partners, newest first, with what each has.",
      answers: { 200: { description: "The partners", schema: partnerList } },
      errors: ["INVALID_REQUEST_ERROR", "NOT_FOUND_ERROR"],
    }),
    validate("query", partnerQuery),
    async (c) => c.json(await listPartners(c.get("db"), c.req.valid("query")), 200),
  )
  .post(
    "/sandbox/partners",
    describeOperation({
      tag,
      security,
      operationId: "createPartner",
      summary: "Create a partner",
      description:
        "Makes a partner and its first API key, which is shown in this answer and never again, but for a repetition with the same Idempotency-Key.",
      answers: {
        200: {
          description: "The new partner, and its key",
          schema: newPartner,
          headers: ["Idempotent-Replayed"],
        },
      },
      errors: [...BODY_ERRORS, "NOT_FOUND_ERROR", "IDEMPOTENCY_ERROR"],
    }),
    validateHeaders(postHeaders),
    limitBody,
    requireJson,
    validate("json", partnerInput),
    async (c) => {
      const { name } = c.req.valid("json");
      const header = c.req.valid("header")["Idempotency-Key"];
      // From the Idempotency-Key and the operator's token: asked again, the same key comes of it, and its
      // hash tells that it is there.
      const secret = header ? await deriveSecret(c.env.ADMIN_TOKEN!, header) : newSecret();
      const created_at = toTimestamp(new Date());
      const key = await keptOf(secret);
      const id = await insertPartner(c.get("db"), { name, created_at }, key);
      if (id !== undefined) return c.json({ id, name, created_at, key: secret }, 200);
      const earlier = await findPartnerOfKey(c.get("db"), key.hash);
      if (earlier?.name !== name) throw new ApiError(usedBefore(header!));
      markReplayed(c);
      return c.json({ ...earlier, key: secret }, 200);
    },
  )
  .delete(
    "/sandbox/partners/:partner_id",
    describeOperation({
      tag,
      security,
      operationId: "deletePartner",
      summary: "Delete a partner",
      description:
        "Deletes a partner with its keys, orders, events and history. What has too much for one request is answered 202: send it again until it is 204. Its keys stop working within 30 seconds.",
      answers: {
        202: { description: "A part is deleted, and there is more", schema: partnerRemoval },
        204: { description: "The partner is deleted" },
      },
      errors: ["INVALID_REQUEST_ERROR", "NOT_FOUND_ERROR", "PARTNER_NOT_FOUND_ERROR"],
    }),
    validate("param", partnerPath),
    async (c) => {
      const { partner_id } = c.req.valid("param");
      const removal = await removePartner(c.get("db"), partner_id);
      if (!removal) {
        throw new ApiError({
          type: "PARTNER_NOT_FOUND_ERROR",
          message: `There is no partner ${partner_id}.`,
        });
      }
      keyCache.forgetPartner(partner_id);
      if (removal.isDone) return c.body(null, 204);
      return c.json({ id: partner_id, deleted_rows: removal.deleted_rows }, 202);
    },
  );
