import { Hono } from "hono";
import {
  createEnvironment,
  createEnvironmentKey,
  deleteEnvironment,
} from "../../access/environments.ts";
import { sweepAfterResponse } from "../../access/sweeps.ts";
import { resetEnvironment } from "../../access/reset.ts";
import { withoutNulls } from "../../domain/complete.ts";
import { toTimestamp } from "../../domain/timestamp.ts";
import type { AppEnv } from "../../http/context.ts";
import { validate } from "../../http/validate.ts";
import { describeOperation } from "../../openapi/describe-operation.ts";
import { BODY_ERRORS } from "../../openapi/operation-errors.ts";
import {
  environmentInput,
  environmentList,
  environmentPath,
  environmentQuery,
  newEnvironment,
} from "../../schemas/environments.ts";
import { newKey } from "../../schemas/keys.ts";
import { listEnvironments, type Environment } from "../../store/environments.ts";

const tag = "Sandbox";

function environmentResponse({ is_strict, ...environment }: Environment) {
  return withoutNulls({ ...environment, strict: is_strict });
}

export const environments = new Hono<AppEnv>()
  .get(
    "/sandbox/environments",
    describeOperation({
      tag,
      operationId: "listEnvironments",
      summary: "List environments",
      description:
        "Returns a page of the partner's environments, newest first, without expired ones.",
      responses: { 200: { description: "The environments", schema: environmentList } },
      errors: ["INVALID_REQUEST_ERROR", "FORBIDDEN_ERROR"],
    }),
    validate("query", environmentQuery),
    async (c) => {
      const { partner_id } = c.get("apiKey");
      const now = toTimestamp(new Date());
      const page = await listEnvironments(c.get("db"), partner_id, c.req.valid("query"), now);
      return c.json({ ...page, data: page.data.map(environmentResponse) }, 200);
    },
  )
  .post(
    "/sandbox/environments",
    describeOperation({
      tag,
      operationId: "createEnvironment",
      summary: "Create an environment",
      description:
        "Creates an environment, for example for one test or one pull request. Its orders, events, keys, recorded requests and faults are separate from those of other environments. Its key is shown only in this response.",
      responses: { 200: { description: "The environment and its key", schema: newEnvironment } },
      errors: [...BODY_ERRORS, "FORBIDDEN_ERROR", "CONFLICT_ERROR"],
    }),
    validate("json", environmentInput),
    async (c) => {
      const { environment, key } = await createEnvironment(c, c.req.valid("json"));
      sweepAfterResponse(c);
      return c.json({ ...environmentResponse(environment), key }, 200);
    },
  )
  .delete(
    "/sandbox/environments/:environment_id",
    describeOperation({
      tag,
      operationId: "deleteEnvironment",
      summary: "Delete an environment",
      description:
        "Deletes an environment with all its data. Its keys stop working immediately. A partner's first environment can't be deleted.",
      responses: { 204: { description: "The environment was deleted" } },
      errors: [
        "INVALID_REQUEST_ERROR",
        "FORBIDDEN_ERROR",
        "ENVIRONMENT_NOT_FOUND_ERROR",
        "CONFLICT_ERROR",
      ],
    }),
    validate("param", environmentPath),
    async (c) => {
      await deleteEnvironment(c, c.req.valid("param").environment_id);
      return c.body(null, 204);
    },
  )
  .post(
    "/sandbox/environments/:environment_id/keys",
    describeOperation({
      tag,
      operationId: "createEnvironmentKey",
      summary: "Create an API key for an environment",
      description:
        "Creates a key for one of the partner's environments, for example if its keys are lost. The key is shown only in this response.",
      responses: { 200: { description: "The new key", schema: newKey } },
      errors: [
        "INVALID_REQUEST_ERROR",
        "FORBIDDEN_ERROR",
        "ENVIRONMENT_NOT_FOUND_ERROR",
        "CONFLICT_ERROR",
      ],
    }),
    validate("param", environmentPath),
    async (c) => c.json(await createEnvironmentKey(c, c.req.valid("param").environment_id), 200),
  )
  .post(
    "/sandbox/reset",
    describeOperation({
      tag,
      operationId: "resetEnvironment",
      summary: "Reset the environment",
      description:
        "Resets the environment of the key: deletes its orders, events, recorded requests, faults and idempotency keys, and restores its fixture. Its API keys stay valid. A request takes effect entirely before or entirely after the reset.",
      responses: { 204: { description: "The environment was reset" } },
      errors: [],
    }),
    async (c) => {
      await resetEnvironment(c);
      sweepAfterResponse(c);
      return c.body(null, 204);
    },
  );
