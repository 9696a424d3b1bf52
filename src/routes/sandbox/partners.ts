import { Hono } from "hono";
import { KEY_CACHE_SECONDS } from "../../access/key-cache.ts";
import { createPartner, createPartnerKey, deletePartner } from "../../access/partners.ts";
import type { AppEnv } from "../../http/context.ts";
import { validate } from "../../http/validate.ts";
import { BODY_ERRORS, describeOperation } from "../../openapi/describe-operation.ts";
import { newKey } from "../../schemas/keys.ts";
import {
  newPartner,
  partnerInput,
  partnerList,
  partnerPath,
  partnerQuery,
  partnerRemoval,
} from "../../schemas/partners.ts";
import { listPartners } from "../../store/partners.ts";

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
      responses: { 200: { description: "The partners", schema: partnerList } },
      errors: ["INVALID_REQUEST_ERROR"],
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
        "Makes a partner and its first API key, which is shown in this answer and never again.",
      responses: { 200: { description: "The new partner, and its key", schema: newPartner } },
      errors: BODY_ERRORS,
    }),
    validate("json", partnerInput),
    async (c) => c.json(await createPartner(c, c.req.valid("json").name), 200),
  )
  .post(
    "/sandbox/partners/:partner_id/keys",
    describeOperation({
      tag,
      security,
      operationId: "createPartnerKey",
      summary: "Create an API key for a partner",
      description:
        "For a partner that has lost its last key: another one of its first environment. It is shown in this answer and never again.",
      responses: { 200: { description: "The new key", schema: newKey } },
      errors: ["INVALID_REQUEST_ERROR", "PARTNER_NOT_FOUND_ERROR", "CONFLICT_ERROR"],
    }),
    validate("param", partnerPath),
    async (c) => c.json(await createPartnerKey(c, c.req.valid("param").partner_id), 200),
  )
  .delete(
    "/sandbox/partners/:partner_id",
    describeOperation({
      tag,
      security,
      operationId: "deletePartner",
      summary: "Delete a partner",
      description: `Deletes a partner with its keys, orders, events and history. What has too much for one request is answered 202: send it again until it is 204. Its keys stop working within ${KEY_CACHE_SECONDS} seconds.`,
      responses: {
        202: { description: "A part is deleted, and there is more", schema: partnerRemoval },
        204: { description: "The partner is deleted" },
      },
      errors: ["INVALID_REQUEST_ERROR", "PARTNER_NOT_FOUND_ERROR"],
    }),
    validate("param", partnerPath),
    async (c) => {
      const { partner_id } = c.req.valid("param");
      const { deleted_rows, isDone } = await deletePartner(c, partner_id);
      if (isDone) return c.body(null, 204);
      return c.json({ id: partner_id, deleted_rows }, 202);
    },
  );
