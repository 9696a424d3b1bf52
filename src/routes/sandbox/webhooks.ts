import { Hono, type Context } from "hono";
import { configOf } from "../../config.ts";
import { bodyOf } from "../../domain/notification-payloads.ts";
import { toTimestamp } from "../../domain/timestamp.ts";
import { addressProblem } from "../../domain/webhook-addresses.ts";
import {
  DEFAULT_RETRY_AFTER_SECONDS,
  DEFAULT_SIGNATURE,
  MAX_WEBHOOKS,
  NOTIFICATION_KINDS,
} from "../../domain/webhooks.ts";
import type { AppEnv } from "../../http/context.ts";
import { queryWorkbench } from "../../http/dataset.ts";
import { ApiError, invalidRequest } from "../../http/errors.ts";
import { newSigningToken } from "../../http/new-ids.ts";
import { requirePage } from "../../http/pagination.ts";
import { validate } from "../../http/validate.ts";
import { describeOperation } from "../../openapi/describe-operation.ts";
import { BODY_ERRORS } from "../../openapi/operation-errors.ts";
import { exampleData } from "../../schemas/notification-payloads.ts";
import { notification } from "../../schemas/notifications.ts";
import {
  webhook,
  webhookChange,
  webhookInput,
  webhookList,
  webhookPath,
  webhookQuery,
} from "../../schemas/webhooks.ts";

const tag = "Sandbox";

const DESCRIPTION = `
Registers where notifications are sent. Each simulated transaction event sends a \`TRANSACTION\` notification to every
active webhook of that kind, as production does; \`POST /sandbox/notifications\` sends any other kind. An environment
has at most ${MAX_WEBHOOKS} webhooks. They stay when the environment is reset.

**Deliveries.** The first attempt follows within a second. Only a 2xx response within 15 seconds acknowledges it.
Any other outcome, even a redirect, is a failure, and the next attempt follows after the time in \`retry_after_seconds\`.
At most two attempts per webhook, and six per environment, run at a time. A notification can arrive twice, and
notifications can arrive out of order, as in production. A deployed sandbox makes at most 120
attempts a minute for each partner. An attempt above the limit waits for 2 seconds, and longer each time it is above the
limit again, up to 15 minutes. A webhook that failed for a day is paused.

**Signature.** \`X-IMPRINT-HMAC-SIGNATURE: t=<time>,s=<hex>\` is an HMAC-SHA256 over \`<t>.<body>\` with the signing
token. Compute it over the raw body, before any parser has read it. The published page leaves open the form of the
key and the unit of \`t\`. The sandbox assumes defaults, which \`signature\` changes.
`.trim();

/** Throws a 400 if notifications can't be sent to a URL. */
function requireAddress(c: Context<AppEnv>, url: string | undefined): void {
  if (url === undefined) return;
  const { sendsToAnyAddress: anyAddress } = configOf(c.env);
  const problem = addressProblem(url, { anyAddress, ownHosts: [hostOf(c)] });
  if (problem) throw invalidRequest([{ param: "url", message: problem }]);
}

const hostOf = (c: Context<AppEnv>): string => new URL(c.req.url).hostname;

export const sandboxWebhooks = new Hono<AppEnv>()
  .post(
    "/sandbox/webhooks",
    describeOperation({
      tag,
      operationId: "addWebhook",
      summary: "Add a webhook",
      description: DESCRIPTION,
      responses: { 200: { description: "The webhook", schema: webhook } },
      errors: [...BODY_ERRORS, "CONFLICT_ERROR"],
    }),
    validate("json", webhookInput),
    async (c) => {
      const { url, signature, ...settings } = c.req.valid("json");
      requireAddress(c, url);
      const { partner_id, expires_at } = c.get("apiKey");
      const added = {
        id: crypto.randomUUID(),
        ...(url !== undefined && { url }),
        kinds: settings.kinds ?? [...NOTIFICATION_KINDS],
        signing_token: settings.signing_token ?? newSigningToken(),
        signature: { ...DEFAULT_SIGNATURE, ...signature },
        retry_after_seconds: settings.retry_after_seconds ?? DEFAULT_RETRY_AFTER_SECONDS,
        status: "active" as const,
        created_at: toTimestamp(new Date()),
        owner: { partner_id, expires_at, host: hostOf(c) },
      };
      const decision = await queryWorkbench(c, (workbench, dataset) =>
        workbench.webhooks().add(dataset, added),
      );
      if (!decision.ok) throw new ApiError(decision.refusal);
      // Other isolates read the flag from D1.
      c.get("apiKey").has_webhooks = true;
      return c.json(decision.result, 200);
    },
  )
  .get(
    "/sandbox/webhooks",
    describeOperation({
      tag,
      operationId: "listWebhooks",
      summary: "Retrieve webhooks",
      description:
        "Returns a page of the environment's webhooks with their signing tokens, newest first.",
      responses: { 200: { description: "The webhooks", schema: webhookList } },
      errors: ["INVALID_REQUEST_ERROR"],
    }),
    validate("query", webhookQuery),
    async (c) => {
      const query = c.req.valid("query");
      const page = await queryWorkbench(c, (workbench, dataset) =>
        workbench.webhooks().list(dataset, query),
      );
      return c.json(requirePage(page, query.starting_after), 200);
    },
  )
  .get(
    "/sandbox/webhooks/:webhook_id",
    describeOperation({
      tag,
      operationId: "getWebhook",
      summary: "Retrieve a webhook",
      description: "Returns one webhook with its signing token.",
      responses: { 200: { description: "The webhook", schema: webhook } },
      errors: ["INVALID_REQUEST_ERROR", "WEBHOOK_NOT_FOUND_ERROR"],
    }),
    validate("param", webhookPath),
    async (c) => {
      const { webhook_id } = c.req.valid("param");
      const found = await queryWorkbench(c, (workbench, dataset) =>
        workbench.webhooks().find(dataset, webhook_id),
      );
      if (!found) throw webhookNotFound(webhook_id);
      return c.json(found, 200);
    },
  )
  .patch(
    "/sandbox/webhooks/:webhook_id",
    describeOperation({
      tag,
      operationId: "changeWebhook",
      summary: "Change, pause or resume a webhook",
      description:
        "Changes the fields in the request. Deliveries of a paused webhook wait until it is active again. After a change of the URL, pending deliveries go to the new one.",
      responses: { 200: { description: "The changed webhook", schema: webhook } },
      errors: [...BODY_ERRORS, "WEBHOOK_NOT_FOUND_ERROR"],
    }),
    validate("param", webhookPath),
    validate("json", webhookChange),
    async (c) => {
      const { webhook_id } = c.req.valid("param");
      const change = c.req.valid("json");
      requireAddress(c, change.url);
      const changed = await queryWorkbench(c, (workbench, dataset) =>
        workbench.webhooks().change(dataset, webhook_id, change, hostOf(c)),
      );
      if (!changed) throw webhookNotFound(webhook_id);
      return c.json(changed, 200);
    },
  )
  .delete(
    "/sandbox/webhooks/:webhook_id",
    describeOperation({
      tag,
      operationId: "removeWebhook",
      summary: "Delete a webhook",
      description: "Deletes a webhook and cancels its pending deliveries.",
      responses: { 204: { description: "The webhook is deleted" } },
      errors: ["INVALID_REQUEST_ERROR", "WEBHOOK_NOT_FOUND_ERROR"],
    }),
    validate("param", webhookPath),
    async (c) => {
      const { webhook_id } = c.req.valid("param");
      const left = await queryWorkbench(c, (workbench, dataset) =>
        workbench.webhooks().remove(dataset, webhook_id),
      );
      if (left === undefined) throw webhookNotFound(webhook_id);
      c.get("apiKey").has_webhooks = left > 0;
      return c.body(null, 204);
    },
  )
  .post(
    "/sandbox/webhooks/:webhook_id/test",
    describeOperation({
      tag,
      operationId: "testWebhook",
      summary: "Test a webhook",
      description:
        "Sends the published example of the webhook's first kind to this webhook. `GET /sandbox/notifications/{notification_id}` shows the response.",
      responses: { 200: { description: "The notification", schema: notification } },
      errors: ["INVALID_REQUEST_ERROR", "WEBHOOK_NOT_FOUND_ERROR"],
    }),
    validate("param", webhookPath),
    async (c) => {
      const { webhook_id } = c.req.valid("param");
      const sent = await queryWorkbench(c, async (workbench, dataset) => {
        const { result } = await workbench.webhooks().find(dataset, webhook_id);
        if (result === "superseded" || !result) return { result };
        const [kind] = result.kinds;
        const body = bodyOf(kind!, exampleData(kind!));
        return workbench.notifications().test(dataset, webhook_id, body);
      });
      if (!sent) throw webhookNotFound(webhook_id);
      return c.json(sent, 200);
    },
  );

export function webhookNotFound(id: string): ApiError {
  return new ApiError({
    type: "WEBHOOK_NOT_FOUND_ERROR",
    param: "webhook_id",
    message: `No webhook has the ID ${id}.`,
  });
}
