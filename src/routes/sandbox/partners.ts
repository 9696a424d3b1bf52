import { Hono } from "hono";
import { KEY_CACHE_SECONDS } from "../../access/key-cache.ts";
import { createPartner, createPartnerKey, deletePartner } from "../../access/partners.ts";
import type { AppEnv } from "../../http/context.ts";
import { validate } from "../../http/validate.ts";
import { describeOperation } from "../../openapi/describe-operation.ts";
import { BODY_ERRORS } from "../../openapi/operation-errors.ts";
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
      summary: "List partners",
      description:
        "Returns a page of the sandbox's partners, newest first, with the amount of data that each has.",
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
        "Creates a partner and its first API key. The key is shown only in this response.",
      responses: { 200: { description: "The new partner and its key", schema: newPartner } },
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
        "Creates a key for the partner's first environment, for example if the partner lost its keys. The key is shown only in this response.",
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
      description: `Deletes a partner with all its data. If the data is too large for one request, the response is a 202: repeat the request until the response is a 204. The partner's keys stop working within ${KEY_CACHE_SECONDS} seconds.`,
      responses: {
        202: {
          description: "Some of the data was deleted, and more remains",
          schema: partnerRemoval,
        },
        204: { description: "The partner was deleted" },
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
