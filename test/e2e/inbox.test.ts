import { once } from "node:events";
import http from "node:http";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import {
  createSandbox,
  signNotification,
  verifyNotification,
  type Inbox,
  type Sandbox,
} from "../../src/local/index.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  await buildIfChanged();
  sandbox = await createSandbox();
});
afterAll(() => sandbox.close());

const story = { story: "captured", amount: 5_000 } as const;

/** Sends a request to an inbox, as a sandbox does, and returns the status. */
const post = async ({ url }: Inbox, body: string, header: string) =>
  (
    await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-IMPRINT-HMAC-SIGNATURE": header },
      body,
    })
  ).status;

describe("an inbox", () => {
  it("receives the notifications of a story, and returns the first that matches", async () => {
    await using env = await sandbox.environment();
    await using inbox = await env.inbox();
    const { transaction } = await env.transactions.story(story);
    const captured = await inbox.next({ object: "TRANSACTION", status: "CAPTURED" });
    expect(captured.data).toMatchObject({
      transaction_id: transaction.id,
      amount: 5_000,
      currency: "USD",
    });
    const approved = await inbox.next({ transaction_id: transaction.id });
    expect(approved.data.status).toBe("APPROVED");
    const { body, signature: header } = captured;
    const { signing_token, signature } = inbox.webhook;
    expect(await verifyNotification({ header, body, signing_token, signature })).toMatchObject({
      valid: true,
    });
    await expect(inbox.next({}, { timeout: 50 })).rejects.toThrow(
      /^No notification matched \{\} within 50 ms\. The last one was TRANSACTION \{/,
    );
  });

  it("receives other kinds, and waits for one that comes later", async () => {
    await using env = await sandbox.environment();
    await using inbox = await env.inbox({ kinds: ["REWARD"], signature: { key: "sha256" } });
    await expect(inbox.next({}, { timeout: 1 })).rejects.toThrow("None was received.");
    const waiting = inbox.next({ object: "REWARD" });
    await env.sendNotification({ object: "STREAK" });
    await env.sendNotification({ object: "REWARD", data: { amount: 7 } });
    expect((await waiting).data.amount).toBe(7);
  });

  it("fails as often as it is told to, and then receives the retry", async () => {
    await using env = await sandbox.environment();
    await using inbox = await env.inbox();
    await inbox.respond(500, { times: 2 });
    await env.sendNotification({ object: "TRANSACTION", data: { event_id: "event-1" } });
    expect((await inbox.next()).data.event_id).toBe("event-1");
    const { id } = await env.waitForNotification({ delivery_status: "acknowledged" });
    const { attempts } = await env.notification(id);
    expect(attempts.map(({ status }) => status)).toEqual([500, 500, 204]);
  });

  it("responds 401 to an invalid signature, and doesn't return it", async () => {
    await using env = await sandbox.environment();
    await using inbox = await env.inbox();
    const body = '{"object":"TRANSACTION","data":{"event_id":"event-1"}}';
    const header = await signNotification({ ...inbox.webhook, body });
    expect(await post(inbox, `${body} `, header)).toBe(401);
    expect(await post(inbox, body, "")).toBe(401);
    await env.faults.add({ fault: "invalid_signature" });
    await env.sendNotification({ object: "TRANSACTION", data: { event_id: "event-2" } });
    expect((await inbox.next()).data.event_id).toBe("event-2");
    const { id } = await env.waitForNotification({ delivery_status: "acknowledged" });
    const { attempts } = await env.notification(id);
    expect(attempts.map(({ status }) => status)).toEqual([401, 204]);
    expect(await post(inbox, body, header)).toBe(204);
    expect((await inbox.next()).data.event_id).toBe("event-1");
  });

  it("responds 413 to a body that is larger than any notification", async () => {
    await using env = await sandbox.environment();
    await using inbox = await env.inbox();
    const request = http.request(inbox.url, { method: "POST" });
    // The body doesn't end: the inbox must respond before it has read all of it.
    request.write("x".repeat(1_000_000));
    const [response] = await once(request, "response");
    request.on("error", () => undefined);
    expect(response.statusCode).toBe(413);
    request.destroy();
  });

  it("leaves no webhook and no port behind", async () => {
    await using env = await sandbox.environment();
    const inbox = await env.inbox();
    expect(await env.webhooks.list()).toMatchObject([{ id: inbox.webhook.id, url: inbox.url }]);
    const waiting = inbox.next();
    waiting.catch(() => undefined);
    await inbox.close();
    await inbox.close();
    await expect(waiting).rejects.toThrow("The inbox is closed.");
    await expect(inbox.next()).rejects.toThrow("The inbox is closed.");
    expect(await env.webhooks.list()).toEqual([]);
    await expect(fetch(inbox.url)).rejects.toThrow("fetch failed");
  });

  it("closes with its sandbox, and works under fake timers and mocked HTTP", async () => {
    vi.useFakeTimers();
    const requested = vi.spyOn(http, "request");
    const created = vi.spyOn(http, "createServer");
    const own = await createSandbox();
    const inbox = await own.inbox();
    await own.transactions.story(story);
    expect((await inbox.next({ status: "APPROVED" })).data.amount).toBe(5_000);
    const waiting = inbox.next({ status: "VOIDED" });
    waiting.catch(() => undefined);
    await own.close();
    await expect(waiting).rejects.toThrow("The sandbox is closed.");
    await inbox.close();
    expect(requested).not.toHaveBeenCalled();
    expect(created).not.toHaveBeenCalled();
    vi.useRealTimers();
    vi.restoreAllMocks();
    await expect(fetch(inbox.url)).rejects.toThrow("fetch failed");
  });
});

describe("webhooks of the library", () => {
  it("are added, paused, resumed and removed", async () => {
    await using env = await sandbox.environment();
    await using inbox = await env.inbox();
    const { id } = inbox.webhook;
    expect(await env.webhooks.change(id, { status: "paused" })).toMatchObject({ status: "paused" });
    await env.sendNotification({ object: "TRANSACTION" });
    await expect(inbox.next({}, { timeout: 300 })).rejects.toThrow("None was received.");
    await env.webhooks.change(id, { status: "active" });
    await inbox.next({ object: "TRANSACTION" });
    await env.webhooks.remove(id);
    await env.sendNotification({ object: "TRANSACTION", data: { event_id: "unaddressed" } });
    const newest = await env.waitForNotification({ event_id: "unaddressed" });
    expect(newest.delivery_status).toBe("unaddressed");
  });

  it("need a token that isn't empty to sign and verify", async () => {
    const options = { signing_token: "", body: "{}", header: "" };
    await expect(signNotification(options)).rejects.toThrow("signing_token is empty");
    await expect(verifyNotification(options)).rejects.toThrow("signing_token is empty");
  });
});
