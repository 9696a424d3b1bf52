import { Hono, type Context } from "hono";
import { bodyOf } from "../../domain/notification-payloads.ts";
import {
  MAX_DELIVERIES,
  MAX_NOTIFICATION_BYTES,
  MAX_NOTIFICATIONS,
  MAX_RESPONSE_BYTES,
} from "../../domain/notifications.ts";
import { maskKeys, recordedHeaders, recordedText } from "../../domain/recorded-text.ts";
import { REQUEST_DAYS } from "../../domain/requests.ts";
import { bytesOf } from "../../domain/stored-bytes.ts";
import { findUnknownNames } from "../../domain/unknown-names.ts";
import { MAX_WARNINGS } from "../../domain/warnings.ts";
import type { NotificationKind } from "../../domain/webhooks.ts";
import type { AppEnv } from "../../http/context.ts";
import { queryWorkbench } from "../../http/dataset.ts";
import { ApiError, invalidRequest } from "../../http/errors.ts";
import { plainJson } from "../../http/json.ts";
import { requirePage } from "../../http/pagination.ts";
import { respondWithStream, STREAM_LIMITS, watcherOf } from "../../http/streams.ts";
import { validate } from "../../http/validate.ts";
import { expectedSentence, violationsOf } from "../../http/violations.ts";
import { sendWarnings, warn } from "../../http/warnings.ts";
import { describeOperation } from "../../openapi/describe-operation.ts";
import { BODY_ERRORS } from "../../openapi/operation-errors.ts";
import { acceptedNamesOf } from "../../schemas/accepted-names.ts";
import { attemptReport } from "../../schemas/notification-deliveries.ts";
import {
  completeData,
  notificationData,
  notificationInput,
} from "../../schemas/notification-payloads.ts";
import {
  notification,
  notificationDetails,
  notificationList,
  notificationPath,
  notificationQuery,
  notificationStream,
  notificationStreamHeaders,
  notificationStreamQuery,
} from "../../schemas/notifications.ts";
import { webhookNotFound } from "./webhooks.ts";

const tag = "Sandbox";

/** The body of a triggered notification. Throws a 400 if its data isn't what the contract publishes. */
function triggeredBody(
  c: Context<AppEnv>,
  {
    object,
    data: given = {},
  }: { object: NotificationKind; data?: Record<string, unknown> | undefined },
): string {
  const schema = notificationData(object);
  const completed = completeData(object, given);
  const options = { reportInput: true, error: expectedSentence };
  const { success, error } = schema.safeParse(completed, options);
  if (!success) {
    const [first, ...others] = violationsOf(error, "json");
    throw invalidRequest([first!, ...others]);
  }
  const names = acceptedNamesOf(schema);
  warn(c, ...findUnknownNames("unknown_field", names, { data: given }, MAX_WARNINGS));
  const body = bodyOf(object, plainJson(completed.data) as object);
  const bytes = bytesOf(body);
  if (bytes > MAX_NOTIFICATION_BYTES) {
    const message = `Expected a notification of at most ${MAX_NOTIFICATION_BYTES} bytes, but it would have ${bytes}`;
    throw invalidRequest([{ param: "data", message }]);
  }
  return body;
}

export const sandboxNotifications = new Hono<AppEnv>()
  .post(
    "/sandbox/notifications",
    describeOperation({
      tag,
      operationId: "triggerNotification",
      summary: "Trigger a notification",
      description:
        "Sends a notification of any kind to every webhook of that kind. Fields that the request leaves out have the value of the published example, or the first value of their enumeration. A field of the wrong type causes a 400. An unknown field is sent, with a warning.",
      responses: { 200: { description: "The notification", schema: notification } },
      headers: ["Sandbox-Warnings"],
      errors: BODY_ERRORS,
    }),
    sendWarnings,
    validate("json", notificationInput),
    async (c) => {
      const body = triggeredBody(c, c.req.valid("json"));
      const sent = await queryWorkbench(c, (workbench, dataset) =>
        workbench.notifications().trigger(dataset, body),
      );
      return c.json(sent, 200);
    },
  )
  .get(
    "/sandbox/notifications",
    describeOperation({
      tag,
      operationId: "listNotifications",
      summary: "Retrieve notifications",
      description: `Returns a page of the notifications, newest first. A notification must match all filters. Notifications are stored for ${REQUEST_DAYS} days; an environment stores its last ${MAX_NOTIFICATIONS}, or fewer if they are long.`,
      responses: { 200: { description: "The notifications", schema: notificationList } },
      errors: ["INVALID_REQUEST_ERROR"],
    }),
    validate("query", notificationQuery),
    async (c) => {
      const { limit, starting_after, ...filter } = c.req.valid("query");
      const page = await queryWorkbench(c, (workbench, dataset) =>
        workbench.notifications().list(dataset, filter, { limit, starting_after }),
      );
      return c.json(requirePage(page, starting_after), 200);
    },
  )
  .get(
    "/sandbox/notifications/stream",
    describeOperation({
      tag,
      operationId: "streamNotifications",
      summary: "Watch notifications",
      description: `Streams notifications as server-sent events. A changed notification is sent again. \`curl -N\` shows them. With the \`webhook_id\` of a webhook that was added without a \`url\`, it streams the deliveries of that webhook that are due, oldest first. A delivery stays due until its outcome is reported to \`POST /sandbox/notifications/{notification_id}/attempts\`. ${STREAM_LIMITS}`,
      responses: {
        200: {
          description: "The stream",
          schema: notificationStream,
          mediaType: "text/event-stream",
        },
      },
      errors: ["INVALID_REQUEST_ERROR", "WEBHOOK_NOT_FOUND_ERROR", "CONFLICT_ERROR"],
    }),
    validate("header", notificationStreamHeaders),
    validate("query", notificationStreamQuery),
    async (c) => {
      const { webhook_id, ...filter } = c.req.valid("query");
      const watcher = watcherOf(c, c.req.valid("header")["Last-Event-ID"]);
      const stream = await queryWorkbench(c, (workbench, dataset) =>
        webhook_id === undefined
          ? workbench.notifications().watch(dataset, filter, watcher)
          : workbench.notifications().watchDeliveries(dataset, webhook_id, watcher),
      );
      if (!stream) throw webhookNotFound(webhook_id!);
      return respondWithStream(c, stream);
    },
  )
  .get(
    "/sandbox/notifications/:notification_id",
    describeOperation({
      tag,
      operationId: "getNotification",
      summary: "Retrieve a notification",
      description: "Returns a notification with its payload, deliveries and newest attempts.",
      responses: { 200: { description: "The notification", schema: notificationDetails } },
      errors: ["INVALID_REQUEST_ERROR", "NOTIFICATION_NOT_FOUND_ERROR"],
    }),
    validate("param", notificationPath),
    async (c) => {
      const { notification_id } = c.req.valid("param");
      const found = await queryWorkbench(c, (workbench, dataset) =>
        workbench.notifications().find(dataset, notification_id),
      );
      if (!found) throw notificationNotFound(notification_id);
      return c.json({ ...found, payload: JSON.parse(found.body) }, 200);
    },
  )
  .post(
    "/sandbox/notifications/:notification_id/resend",
    describeOperation({
      tag,
      operationId: "resendNotification",
      summary: "Send a notification again",
      description: `Sends the same body, with the same \`event_id\`, to every webhook of its kind, with a new time and signature. A notification has at most ${MAX_DELIVERIES} deliveries; a request beyond that causes a 409.`,
      responses: { 200: { description: "The notification", schema: notification } },
      errors: ["INVALID_REQUEST_ERROR", "NOTIFICATION_NOT_FOUND_ERROR", "CONFLICT_ERROR"],
    }),
    validate("param", notificationPath),
    async (c) => {
      const { notification_id } = c.req.valid("param");
      const sent = await queryWorkbench(c, (workbench, dataset) =>
        workbench.notifications().resend(dataset, notification_id),
      );
      if (!sent) throw notificationNotFound(notification_id);
      if (!sent.ok) throw new ApiError(sent.refusal);
      return c.json(sent.result, 200);
    },
  )
  .post(
    "/sandbox/notifications/:notification_id/attempts",
    describeOperation({
      tag,
      operationId: "reportAttempt",
      summary: "Report an attempt",
      description:
        "Reports the outcome of a delivery that was read from the stream of a webhook without a URL. 2xx acknowledges it; otherwise the next attempt appears in the stream when it is due. Repeating a report changes nothing.",
      responses: { 200: { description: "The notification", schema: notification } },
      errors: [...BODY_ERRORS, "NOTIFICATION_NOT_FOUND_ERROR"],
    }),
    validate("param", notificationPath),
    validate("json", attemptReport),
    async (c) => {
      const { notification_id } = c.req.valid("param");
      const { response_body, headers = {}, error, url, ms = 0, ...report } = c.req.valid("json");
      const outcome = {
        ...report,
        ms,
        url: url === undefined ? null : maskKeys(url),
        error: error === undefined ? null : maskKeys(error),
        headers: recordedHeaders(Object.entries(headers)).headers,
        response_body:
          response_body === undefined ? null : recordedText(response_body, MAX_RESPONSE_BYTES).text,
      };
      const reported = await queryWorkbench(c, (workbench, dataset) =>
        workbench.notifications().report(dataset, notification_id, outcome),
      );
      if (!reported) throw notificationNotFound(notification_id, report.delivery_id);
      return c.json(reported, 200);
    },
  );

function notificationNotFound(id: string, delivery_id?: number): ApiError {
  const orDelivery =
    delivery_id === undefined
      ? ""
      : `, or it has no delivery ${delivery_id} to a webhook without a URL`;
  return new ApiError({
    type: "NOTIFICATION_NOT_FOUND_ERROR",
    param: "notification_id",
    message: `No notification has the ID ${id}${orDelivery}.`,
  });
}
