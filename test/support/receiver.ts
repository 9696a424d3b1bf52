import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, inject, vi } from "vitest";
import { verifyNotification } from "../../src/domain/notification-verification.ts";
import type { SignatureForm } from "../../src/domain/notification-signature.ts";
import { expectStatus, type Client } from "./client.ts";
import { workbenchOf } from "./recorded-requests.ts";
import type { PlannedResponse, ReceivedNotification } from "./received-notification.ts";

const server = inject("receiverUrl");

/** A receiver of notifications with a name of its own. */
export class Receiver {
  readonly name = crypto.randomUUID();
  readonly url = `${server}/notify/${this.name}`;

  /** What it responds to the next notifications; then 200. */
  async plan(...responses: PlannedResponse[]): Promise<void> {
    const body = JSON.stringify(responses);
    await (await fetch(`${server}/plan/${this.name}`, { method: "POST", body })).text();
  }

  async received(): Promise<ReceivedNotification[]> {
    return (await fetch(`${server}/received/${this.name}`)).json();
  }

  /** The first notifications, once there are so many. */
  async waitFor(count: number): Promise<ReceivedNotification[]> {
    await expect.poll(async () => (await this.received()).length).toBeGreaterThanOrEqual(count);
    return this.received();
  }
}

/** Adds a webhook that sends to the receiver. Its retries follow quickly. */
export async function addWebhook(
  client: Client,
  receiver: Receiver,
  settings: Record<string, unknown> = {},
) {
  const body = { url: receiver.url, retry_after_seconds: [0, 0, 0], ...settings };
  return expectStatus(await client.post("/sandbox/webhooks", body), 200).body;
}

/** Runs the alarm as if an hour had passed, if it is due then, and waits a moment for what it might send. */
export async function passAnHour(client: Client): Promise<void> {
  const workbench = workbenchOf(client);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
  try {
    const at = await runInDurableObject(workbench, (_, { storage }) => storage.getAlarm());
    if (at !== null && at <= Date.now()) await runDurableObjectAlarm(workbench);
    await scheduler.wait(500);
  } finally {
    vi.useRealTimers();
  }
}

/** Simulates a captured card transaction, and returns its IDs. */
export async function capture(client: Client, fields: Record<string, unknown> = {}) {
  const event = { payment_method_id: "pm-1", status: "CAPTURED", amount: 400, ...fields };
  const response = await client.post("/v2/simulate_transaction_event", event);
  return expectStatus(response, 200).body as { transaction_id: string; event_id: string };
}

/** The notification with its attempts. */
export async function detailsOf(client: Client, id: string) {
  return expectStatus(await client.get(`/sandbox/notifications/${id}`), 200).body;
}

/** The list, once all of its notifications are settled. */
export async function settled(client: Client, count: number, query = "") {
  const list = async () =>
    expectStatus(await client.get(`/sandbox/notifications?limit=100&${query}`), 200).body;
  await expect
    .poll(async () => {
      const { data } = await list();
      return [data.length, data.some((each: Listed) => each.delivery_status === "pending")];
    })
    .toEqual([count, false]);
  return (await list()).data;
}

interface Listed {
  delivery_status: string;
}

/** Why the signature of a received notification is not valid; null if it is. */
export async function reasonOf(
  { headers, body, at }: ReceivedNotification,
  token: string,
  signature: SignatureForm = {},
): Promise<string | null> {
  const header = headers["x-imprint-hmac-signature"] ?? "";
  const tokens = [{ token, ...signature }];
  return (await verifyNotification({ header, body, tokens, now: at })).reason;
}
