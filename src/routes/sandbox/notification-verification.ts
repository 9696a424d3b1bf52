import { Hono, type Context } from "hono";
import { verifyNotification } from "../../domain/notification-verification.ts";
import type { NotificationFilter } from "../../domain/notifications.ts";
import type { AppEnv } from "../../http/context.ts";
import { queryWorkbench } from "../../http/dataset.ts";
import { validate } from "../../http/validate.ts";
import { describeOperation } from "../../openapi/describe-operation.ts";
import { BODY_ERRORS } from "../../openapi/operation-errors.ts";
import {
  filterOfBody,
  verification,
  verificationInput,
} from "../../schemas/notification-verification.ts";
import type { NotificationDetails } from "../../workbench/notification-lists.ts";

const tag = "Sandbox";

export const notificationVerification = new Hono<AppEnv>().post(
  "/sandbox/notifications/verify",
  describeOperation({
    tag,
    operationId: "verifyNotification",
    summary: "Explain why a signature is invalid",
    description:
      "Verifies a header and a body as your code received them. If they don't match, finds the reason by trying the tokens of all the environment's webhooks, the other possible forms of the key and units of `t`, and the body that the sandbox sent. The package has the same function, `verifyNotification`.",
    responses: { 200: { description: "Whether it is valid, and why not", schema: verification } },
    errors: BODY_ERRORS,
  }),
  validate("json", verificationInput),
  async (c) => {
    const { signing_token, ...input } = c.req.valid("json");
    const webhooks = await queryWorkbench(c, (workbench, dataset) =>
      workbench.webhooks().all(dataset),
    );
    const known = webhooks.map(({ signing_token: token, signature: { key, timestamp } }) => ({
      token,
      key,
      timestamp,
    }));
    const given = known.filter(({ token }) => token === signing_token);
    const fallback = signing_token === undefined ? known : [{ token: signing_token }];
    const options = {
      ...input,
      tokens: given.length > 0 ? given : fallback,
      other_tokens: known,
      now: Date.now(),
    };
    const sent = await findSent(c, filterOfBody(input.body));
    const found = { sent_body: sent?.body, fault: sent?.fault?.fault };
    return c.json(await verifyNotification({ ...options, ...found }), 200);
  },
);

/** The newest notification that matches. */
async function findSent(
  c: Context<AppEnv>,
  filter: NotificationFilter | undefined,
): Promise<NotificationDetails | undefined> {
  if (!filter) return undefined;
  const page = await queryWorkbench(c, (workbench, dataset) =>
    workbench.notifications().list(dataset, filter, { limit: 1 }),
  );
  const [newest] = page?.data ?? [];
  if (!newest) return undefined;
  return queryWorkbench(c, (workbench, dataset) =>
    workbench.notifications().find(dataset, newest.id),
  );
}
