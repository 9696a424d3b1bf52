import { runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, it } from "vitest";
import { MAX_SHOWN_ATTEMPTS } from "../../src/domain/notifications.ts";
import type { NewRequest } from "../../src/domain/requests.ts";
import { bytesOf, MAX_PAGE_BYTES } from "../../src/domain/stored-bytes.ts";
import { expectStatus, newPartner, type Client } from "../support/client.ts";
import { datasetOf, newRequest, REQUESTS, workbenchOf } from "../support/recorded-requests.ts";

const NOTIFICATIONS = "/sandbox/notifications";
/** The fields around a page's items. */
const MARGIN_BYTES = 2_000;

let partner: Client;
beforeEach(async () => {
  partner = await newPartner();
});

/** Returns the body of a response that has no more bytes than a page may have. */
async function boundedPage(path: string) {
  const response = expectStatus(await partner.get(path), 200);
  expect(bytesOf(response.text)).toBeLessThan(MAX_PAGE_BYTES + MARGIN_BYTES);
  return response.body;
}

/** Records rejected requests on an order, as if their messages had been stored whole. */
async function recordRefusals(count: number, messageCharacters: number): Promise<void> {
  const error = { type: "NOT_FOUND_ERROR", message: "x".repeat(messageCharacters) };
  const fields: Partial<NewRequest> = { method: "POST", order_id: "o", status: 404, error };
  for (let done = 0; done < count; done += 50) {
    const requests = Array.from({ length: 50 }, (_, index) =>
      newRequest({ ...fields, request_id: `r-${done + index}` }),
    );
    await workbenchOf(partner).record(datasetOf(partner), requests);
  }
}

it.each([
  { count: 600, messageCharacters: 1_000, least: 100 },
  // All of them together exceed 32 MiB, the limit of one call to a Durable Object.
  { count: 600, messageCharacters: 60_000, least: 3 },
])("lists the newest of $count requests with $messageCharacters characters", async (each) => {
  const { count, messageCharacters, least } = each;
  await partner.createOrder({ id: "o" });
  await boundedPage(REQUESTS);
  await recordRefusals(count, messageCharacters);

  const timeline = await boundedPage("/sandbox/orders/o/timeline");
  expect(timeline.has_more).toBe(true);
  expect(timeline.data.length).toBeGreaterThanOrEqual(least);
  expect(timeline.data.at(-1).request_id).toBe(`r-${count - 1}`);

  const seen: string[] = [];
  for (let cursor = "", pages = 0; pages < 3; pages += 1) {
    const page = await boundedPage(`${REQUESTS}?limit=100${cursor}`);
    expect(page).toMatchObject({ has_more: true, total: count + 1 });
    seen.push(...page.data.map(({ request_id }: { request_id: string }) => request_id));
    cursor = `&starting_after=${page.data.at(-1).id}`;
  }
  expect(seen).toEqual(seen.map((_, index) => `r-${count - 1 - index}`));
  await boundedPage("/sandbox/readiness");
});

it("starts a timeline with the oldest request that fits, and reports older entries", async () => {
  await partner.createOrder({ id: "o" });
  await boundedPage(REQUESTS);
  await recordRefusals(350, 1_000);
  const { data, has_more } = await boundedPage("/sandbox/orders/o/timeline");
  expect(has_more).toBe(true);
  expect(new Set(data.map(({ kind }: { kind: string }) => kind))).toEqual(new Set(["refused"]));
});

/** Triggers a notification, and adds attempts to its one delivery. */
async function notificationWith(attempts: number, bodyCharacters: number): Promise<string> {
  expectStatus(await partner.post("/sandbox/webhooks", {}), 200);
  const { id } = expectStatus(
    await partner.post(NOTIFICATIONS, { object: "TRANSACTION" }),
    200,
  ).body;
  await runInDurableObject(workbenchOf(partner), (_, { storage }) => {
    storage.sql.exec(
      `with recursive number(n) as (select 1 union all select n + 1 from number where n < ?)
       insert into attempts
         (sequence, notification, delivery_id, webhook_id, at, headers, status, response_body, ms)
       select n, ?, 1, 'w', n, '{}', 500, ?, n from number`,
      attempts,
      Number(id),
      "y".repeat(bodyCharacters),
    );
    storage.sql.exec("update notifications set attempt_count = ?", attempts);
  });
  return id;
}

it.each([
  { bodyCharacters: 10, shown: MAX_SHOWN_ATTEMPTS },
  { bodyCharacters: 4_096, shown: 58 },
  { bodyCharacters: 60_000, shown: 4 },
])("shows the newest attempts with $bodyCharacters characters", async (each) => {
  const id = await notificationWith(1_000, each.bodyCharacters);
  const { attempts, attempt_count } = await boundedPage(`${NOTIFICATIONS}/${id}`);
  expect(attempt_count).toBe(1_000);
  const durations = attempts.map(({ ms }: { ms: number }) => ms);
  expect(durations).toEqual(
    durations.map((_: number, index: number) => 1_001 - durations.length + index),
  );
  expect(durations.length).toBeGreaterThanOrEqual(each.shown - 5);
  expect(durations.length).toBeLessThanOrEqual(MAX_SHOWN_ATTEMPTS);
});

it("ends a page of notifications with long IDs early", async () => {
  const id = "€".repeat(1_000);
  const data = { transaction_id: id, network_transaction_id: id, event_id: id };
  for (let count = 0; count < 40; count += 1) {
    expectStatus(await partner.post(NOTIFICATIONS, { object: "TRANSACTION", data }), 200);
  }
  const first = await boundedPage(`${NOTIFICATIONS}?limit=100`);
  expect(first).toMatchObject({ has_more: true, total: 40 });
  const cursor = first.data.at(-1).id;
  const second = await boundedPage(`${NOTIFICATIONS}?limit=100&starting_after=${cursor}`);
  expect(second.has_more).toBe(false);
  expect(first.data.length + second.data.length).toBe(40);
});
