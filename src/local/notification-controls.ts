/** The webhooks and notifications of an environment, which call the sandbox's own API. */
import type { Send } from "./api-client.ts";
import type { Environment, Webhooks } from "./environment.ts";
import { openInbox } from "./inbox.ts";
import { itemsOf } from "./pages.ts";
import { printable } from "./printable.ts";
import { waitFor } from "./wait.ts";
import type { OpenInbox } from "./thread-client.ts";

export type NotificationControls = Pick<
  Environment,
  | "inbox"
  | "notification"
  | "notifications"
  | "sendNotification"
  | "waitForNotification"
  | "webhooks"
>;

export function notificationControlsOf(send: Send, open: OpenInbox): NotificationControls {
  const webhooks = webhooksOf(send);
  const notifications: Environment["notifications"] = ({ limit = Infinity, ...filter } = {}) =>
    itemsOf(
      (page) => send("get", "/sandbox/notifications", { query: { ...filter, ...page } }),
      limit,
    );
  return {
    webhooks,
    notifications,
    notification: (notification_id) =>
      send("get", "/sandbox/notifications/{notification_id}", { path: { notification_id } }),
    sendNotification: (body) => send("post", "/sandbox/notifications", { body }),
    waitForNotification: (filter = {}, options = {}) =>
      waitFor(
        {
          name: "notification",
          filter,
          find: () => notifications({ ...filter, limit: 1 }),
          findLast: () => notifications({ limit: 1 }),
          describe: ({ object, status = "", delivery_status }) =>
            `${object} ${printable(status)}: ${delivery_status}`,
        },
        options,
      ),
    inbox: (options = {}) => openInbox(open, webhooks, options),
  };
}

function webhooksOf(send: Send): Webhooks {
  return {
    add: (body) => send("post", "/sandbox/webhooks", { body }),
    list: () => itemsOf((page) => send("get", "/sandbox/webhooks", { query: page }), Infinity),
    change: (webhook_id, body) =>
      send("patch", "/sandbox/webhooks/{webhook_id}", { path: { webhook_id }, body }),
    remove: (webhook_id) =>
      send("delete", "/sandbox/webhooks/{webhook_id}", { path: { webhook_id } }),
  };
}
