import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import type { AppEnv } from "../../src/http/context.ts";
import { MAX_FAULTS } from "../../src/domain/faults.ts";
import { MAX_BODY_BYTES, UPLOAD_SECONDS } from "../../src/http/request-body.ts";
import { MAX_ENVIRONMENTS } from "../../src/store/new-environments.ts";
import { MAX_ACTIVE_KEYS } from "../../src/store/keys.ts";
import { MAX_WEBHOOKS } from "../../src/domain/webhooks.ts";
import { MAX_STREAMS } from "../../src/workbench/streams.ts";
import {
  readResponse,
  Client,
  eventBody,
  newPartner,
  operator,
  orderBody,
  send,
  type ApiResponse,
} from "../support/client.ts";
import { openStream } from "../support/event-stream.ts";
import { Receiver, settled } from "../support/receiver.ts";
import { setVariables } from "../support/variables.ts";
import { loadOrders } from "../support/load.ts";

const customerPath = (id: string) => `/v2/customers/${id}/transactions`;
const reconciliationPath = (id: string) => `/sandbox/orders/${id}/reconciliation`;

/** Records the examples of the OpenAPI document. `npm run openapi` writes them. */
it("has the examples that the operations return", async () => {
  const recorded: Record<string, Record<string, unknown>> = {};
  /** Records a response as an example of the operation, by its error type or its status. */
  async function record(
    operationId: string,
    expected: string | number,
    sent: Promise<ApiResponse>,
    request?: object,
  ) {
    const { status, body } = await sent;
    const kind = (body.error ?? (status >= 400 ? body : {})).type ?? status;
    if (kind !== expected)
      throw new Error(`${operationId}: expected ${expected}, but received ${kind}`);
    const examples = (recorded[operationId] ??= {});
    if (request) examples["request"] = request;
    examples[kind] = withFixedValues(body);
  }

  const partner = await newPartner();
  const order = orderBody({
    id: "order-1",
    total_order_amount: 5_000,
    order_lines: [{ name: "Lamp", quantity: 2, rate: 2_500, rewards_rate: 25 }],
  });
  const key = { "Idempotency-Key": "create-order-1" };
  await record("createOrder", 200, partner.post("/v2/orders", order, key), order);
  const changed = { ...order, total_order_amount: 6_000 };
  await record("createOrder", "INVALID_REQUEST_ERROR", partner.post("/v2/orders", changed));
  const other = { ...order, partner_order_id: "po-2" };
  await record("createOrder", "CONFLICT_ERROR", partner.post("/v2/orders", other));
  await record("createOrder", "IDEMPOTENCY_ERROR", partner.post("/v2/orders", other, key));

  await record("listOrders", 200, partner.get("/v2/orders"));
  await record("listOrders", "INVALID_REQUEST_ERROR", partner.get("/v2/orders?limit=0"));

  const capture = eventBody({ order_event_id: "event-1", order_id: "order-1", amount: 5_000 });
  const captureKey = { "Idempotency-Key": "capture-1" };
  const events = "/v2/order_events";
  await record("postOrderEvent", 200, partner.post(events, capture, captureKey), capture);
  const unknownType = { ...capture, type: "NO_SUCH_TYPE" };
  await record("postOrderEvent", "INVALID_REQUEST_ERROR", partner.post(events, unknownType));
  const ofUnknownOrder = eventBody({ order_id: "order-2" });
  await record("postOrderEvent", "ORDER_NOT_FOUND_ERROR", partner.post(events, ofUnknownOrder));
  const refund = { ...capture, order_event_id: "event-2", type: "REFUNDED", amount: 6_000 };
  await record("postOrderEvent", "CONFLICT_ERROR", partner.post(events, refund));
  await record("postOrderEvent", "IDEMPOTENCY_ERROR", partner.post(events, refund, captureKey));

  await record("listOrderEvents", 200, partner.get(events));
  const unknownCursor = `${events}?starting_after=event-0`;
  await record("listOrderEvents", "INVALID_REQUEST_ERROR", partner.get(unknownCursor));

  const replacement = { ...order, merchant_name: "Rest Assured" };
  const put = (fields: object, headers = {}, id = "order-1") =>
    partner.put(`/v2/orders/${id}`, { ...order, ...fields }, headers);
  await record("putOrder", 200, put(replacement), replacement);
  await record("putOrder", "INVALID_REQUEST_ERROR", put({ id: "order-2" }));
  await record("putOrder", "ORDER_NOT_FOUND_ERROR", put({ id: "order-2" }, {}, "order-2"));
  await record("putOrder", "CONFLICT_ERROR", put({ currency: "EUR" }));
  await record("putOrder", "PRECONDITION_FAILED_ERROR", put({}, { "If-Match": '"1"' }));

  const remove = (id: string, headers = {}) => partner.delete(`/v2/orders/${id}`, headers);
  await record("deleteOrder", "INVALID_REQUEST_ERROR", remove("order-1", { "If-Match": "1" }));
  await record("deleteOrder", "ORDER_NOT_FOUND_ERROR", remove("order-2"));
  await record("deleteOrder", "CONFLICT_ERROR", remove("order-1"));
  const stale = remove("order-1", { "If-Match": '"1"' });
  await record("deleteOrder", "PRECONDITION_FAILED_ERROR", stale);

  await partner.post(events, { ...refund, amount: 2_000 });
  const removeEvent = (id: string) => partner.delete(`${events}/${id}`);
  await record("deleteOrderEvent", "INVALID_REQUEST_ERROR", removeEvent("event%201"));
  await record("deleteOrderEvent", "ORDER_EVENT_NOT_FOUND_ERROR", removeEvent("event-3"));
  await record("deleteOrderEvent", "CONFLICT_ERROR", removeEvent("event-1"));

  await record("deleteKey", "CONFLICT_ERROR", partner.delete("/v2/keys"));
  await record("createKey", 200, partner.post("/v2/keys"));
  const full = await newPartner();
  for (let keys = 1; keys < MAX_ACTIVE_KEYS; keys += 1) await full.post("/v2/keys");
  await record("createKey", "CONFLICT_ERROR", full.post("/v2/keys"));

  await record("listKeys", 200, full.get("/sandbox/keys?limit=2"));
  await record("listKeys", "INVALID_REQUEST_ERROR", full.get("/sandbox/keys?starting_after=a"));
  const revoke = (id: number | string) => partner.delete(`/sandbox/keys/${id}`);
  await record("revokeKey", "INVALID_REQUEST_ERROR", revoke("first"));
  await record("revokeKey", "KEY_NOT_FOUND_ERROR", revoke(7));
  await record("revokeKey", "CONFLICT_ERROR", (await newPartner()).delete("/sandbox/keys/1"));
  await record("getHealth", 200, send("GET", "/health"));

  const shop = await newPartner();
  const simulate = (fields: object, headers?: Record<string, string>) =>
    shop.post("/v2/simulate_transaction_event", { ...approval, ...fields }, headers);
  const approval = {
    payment_method_id: "pm-1",
    customer_id: "customer-1",
    status: "APPROVED",
    amount: 5_000,
    network_transaction_id: "nt-1",
  };
  const approvalKey = { "Idempotency-Key": "approval-1" };
  const approved = await simulate({}, approvalKey);
  await record("simulateTransactionEvent", 200, Promise.resolve(approved), approval);
  const { transaction_id } = approved.body;
  await record("simulateTransactionEvent", "INVALID_REQUEST_ERROR", simulate({ amount: -1 }));
  await record("simulateTransactionEvent", "CONFLICT_ERROR", simulate({ transaction_id }));
  const voided = { status: "VOIDED", transaction_id: "none" };
  await record("simulateTransactionEvent", "TRANSACTION_FOUND_ERROR", simulate(voided));
  const otherApproval = simulate({ amount: 1 }, approvalKey);
  await record("simulateTransactionEvent", "IDEMPOTENCY_ERROR", otherApproval);
  await record("getTransaction", 200, shop.get(`/v2/transactions/${transaction_id}`));
  await record("getTransaction", "INVALID_REQUEST_ERROR", shop.get("/v2/transactions/a%20b"));
  await record("getTransaction", "TRANSACTION_FOUND_ERROR", shop.get("/v2/transactions/none"));
  await record("getTransactions", 200, shop.get(customerPath("customer-1")));
  await record("getTransactions", "INVALID_REQUEST_ERROR", shop.get(customerPath("a%20b")));
  await record("getTransactions", "CUSTOMER_NOT_FOUND_ERROR", shop.get(customerPath("none")));
  const stories = "/sandbox/transactions";
  const story = {
    story: "partly_refunded",
    amount: 5_000,
    payment_method_id: "pm-1",
    network_transaction_id: "nt-2",
  };
  await record("simulateStory", 200, shop.post(stories, story), story);
  await record("simulateStory", "CONFLICT_ERROR", shop.post(stories, story));
  await record("simulateStory", "INVALID_REQUEST_ERROR", shop.post(stories, { story: "none" }));
  await record("listTransactions", 200, shop.get(`${stories}?limit=1`));
  await record("listTransactions", "INVALID_REQUEST_ERROR", shop.get(`${stories}?limit=0`));
  await record("getTransactionWithEvents", 200, shop.get(`${stories}/${transaction_id}`));
  await record("getTransactionWithEvents", "INVALID_REQUEST_ERROR", shop.get(`${stories}/a%20b`));
  await record("getTransactionWithEvents", "TRANSACTION_FOUND_ERROR", shop.get(`${stories}/none`));
  await shop.createOrder({ id: "order-1" });
  const reported = { order_event_id: "event-1", network_transaction_id: "nt-2" };
  await shop.capture("order-1", 5_000, reported);
  await record("reconcileOrder", 200, shop.get(reconciliationPath("order-1")));
  await record("reconcileOrder", "INVALID_REQUEST_ERROR", shop.get(reconciliationPath("a%20b")));
  await record("reconcileOrder", "ORDER_NOT_FOUND_ERROR", shop.get(reconciliationPath("none")));
  await record("listDisagreements", 200, shop.get("/sandbox/reconciliation"));
  const noFinding = shop.get("/sandbox/reconciliation?finding=none");
  await record("listDisagreements", "INVALID_REQUEST_ERROR", noFinding);

  const faults = "/sandbox/faults";
  const tester = await newPartner();
  const lostCapture = { fault: "lost_response", match: { path: events, order_id: "order-1" } };
  await record("addFault", 200, tester.post(faults, lostCapture), lostCapture);
  await record("addFault", "INVALID_REQUEST_ERROR", tester.post(faults, { fault: "lost" }));
  await record("listFaults", 200, tester.get(faults));
  await record("listFaults", "INVALID_REQUEST_ERROR", tester.get(`${faults}?starting_after=f-1`));
  await record("removeFault", "FAULT_NOT_FOUND_ERROR", tester.delete(`${faults}/f-1`));
  const unspeakable = tester.delete(`${faults}/fault%201`);
  await record("removeFault", "INVALID_REQUEST_ERROR", unspeakable);
  await Promise.all(Array.from({ length: MAX_FAULTS - 1 }, () => tester.post(faults, lostCapture)));
  await record("addFault", "CONFLICT_ERROR", tester.post(faults, lostCapture));

  const environments = "/sandbox/environments";
  const host = await newPartner();
  const forPullRequest = { name: "pull request 12", expires_in_seconds: 3_600 };
  const made = host.post(environments, forPullRequest);
  await record("createEnvironment", 200, made, forPullRequest);
  const tooShort = host.post(environments, { expires_in_seconds: 1 });
  await record("createEnvironment", "INVALID_REQUEST_ERROR", tooShort);
  const { id: environmentId, key: environmentKey } = (await made).body;
  const guest = new Client(host, environmentKey);
  await record("listEnvironments", 200, host.get(environments));
  const noNumber = host.get(`${environments}?starting_after=first`);
  await record("listEnvironments", "INVALID_REQUEST_ERROR", noNumber);
  const keysOfEnvironment = (each: number | string) => `${environments}/${each}/keys`;
  const createKey = (each: number | string) => host.post(keysOfEnvironment(each));
  await record("createEnvironmentKey", 200, createKey(environmentId));
  await record("createEnvironmentKey", "INVALID_REQUEST_ERROR", createKey("first"));
  await record("createEnvironmentKey", "ENVIRONMENT_NOT_FOUND_ERROR", createKey(100_000));
  for (let keys = 2; keys < MAX_ACTIVE_KEYS; keys += 1) await createKey(environmentId);
  await record("createEnvironmentKey", "CONFLICT_ERROR", createKey(environmentId));
  const removeEnvironment = (each: number | string) => host.delete(`${environments}/${each}`);
  await record("deleteEnvironment", "INVALID_REQUEST_ERROR", removeEnvironment("first"));
  await record("deleteEnvironment", "ENVIRONMENT_NOT_FOUND_ERROR", removeEnvironment(100_000));
  await record("deleteEnvironment", "CONFLICT_ERROR", removeEnvironment(host.environmentId));
  await record("anywhere", "FORBIDDEN_ERROR", guest.get(environments));
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MAX_ENVIRONMENTS})
     INSERT INTO environments (partner_id, created_at, expires_at, dataset_id)
     SELECT ?, '2025-01-01T00:00:00Z', '2999-01-01T00:00:00Z', ? FROM n`,
  )
    .bind(host.partnerId, host.datasetId)
    .run();
  await record("createEnvironment", "CONFLICT_ERROR", host.post(environments, {}));

  const observed = await newPartner();
  const paid = { story: "captured", amount: 5_000, network_transaction_id: "nt-1" };
  await observed.post("/sandbox/transactions", paid);
  await observed.post("/v2/orders", order);
  await observed.post(events, capture);
  await expect.poll(async () => (await observed.get("/sandbox/requests")).body.total).toBe(2);
  await record("getTimeline", 200, observed.get(timelinePath("order-1")));
  await record("getTimeline", "ORDER_NOT_FOUND_ERROR", observed.get(timelinePath("order-2")));
  await record("getTimeline", "INVALID_REQUEST_ERROR", observed.get(timelinePath("order%201")));

  const watched = await newPartner();
  const stream = await openStream(watched, "/sandbox/requests/stream");
  const times = { created_at: "2026-01-15T09:30:00Z", updated_at: "2026-01-15T09:30:00Z" };
  await watched.post("/v2/orders", { ...order, ...times });
  await watched.post("/v2/orders", { ...order, total_order_amount: 6_000 });
  const [item] = await stream.take(1);
  const event = `id: ${RECORDED_ID}\ndata: ${JSON.stringify(withFixedValues(item))}\n\n`;
  (recorded["streamRequests"] ??= {})[200] = event;
  await stream.cancel();
  const recordedRequests = "/sandbox/requests";
  await expect.poll(async () => (await watched.get(recordedRequests)).body.total).toBe(2);
  await record("listRequests", 200, watched.get(`${recordedRequests}?status=4xx`));
  await record(
    "listRequests",
    "INVALID_REQUEST_ERROR",
    watched.get(`${recordedRequests}?status=5`),
  );
  const summary = `${recordedRequests}/summary`;
  await record("countRequests", 200, watched.get(summary));
  await record("countRequests", "INVALID_REQUEST_ERROR", watched.get(`${summary}?status=5`));
  await record("getRequest", 200, watched.get(`${recordedRequests}/${item.id}`));
  await record("getRequest", "REQUEST_NOT_FOUND_ERROR", watched.get(`${recordedRequests}/1`));
  await record("getRequest", "INVALID_REQUEST_ERROR", watched.get(`${recordedRequests}/first`));
  const startsNowhere = watched.send("GET", "/sandbox/requests/stream", undefined, {
    "Last-Event-ID": "none",
  });
  await record("streamRequests", "INVALID_REQUEST_ERROR", startsNowhere);
  const streams = [];
  for (let open = 0; open < MAX_STREAMS; open += 1) {
    streams.push(await openStream(watched, "/sandbox/requests/stream"));
  }
  await record("streamRequests", "CONFLICT_ERROR", watched.get("/sandbox/requests/stream"));
  await Promise.all(streams.map((each) => each.cancel()));

  const report = await observed.get("/sandbox/readiness");
  // The Worker contains the examples, so this one has only some of the checks.
  const excerpt = { ...report, body: { ...report.body, checks: report.body.checks.slice(0, 3) } };
  await record("getReadiness", 200, Promise.resolve(excerpt));
  const never = observed.get("/sandbox/readiness?since=never");
  await record("getReadiness", "INVALID_REQUEST_ERROR", never);
  await recordNotifications(record, recorded);

  const path = "/sandbox/partners";
  const name = { name: "Rest Assured" };
  await record("createPartner", 200, operator.post(path, name), name);
  await record("createPartner", "INVALID_REQUEST_ERROR", operator.post(path, { name: "" }));
  await record("listPartners", 200, operator.get(`${path}?limit=1`));
  await record("listPartners", "INVALID_REQUEST_ERROR", operator.get(`${path}?limit=none`));
  const keysOf = (each: number) => `${path}/${each}/keys`;
  await record("createPartnerKey", 200, operator.post(keysOf(partner.partnerId)));
  await record("createPartnerKey", "CONFLICT_ERROR", operator.post(keysOf(full.partnerId)));
  await record("createPartnerKey", "PARTNER_NOT_FOUND_ERROR", operator.post(keysOf(1_000)));
  const unnumbered = operator.post(`${path}/first/keys`);
  await record("createPartnerKey", "INVALID_REQUEST_ERROR", unnumbered);
  const large = await newPartner();
  await loadOrders(large.datasetId, 10_000);
  await record("deletePartner", 202, operator.delete(`${path}/${large.partnerId}`));
  await record("deletePartner", "INVALID_REQUEST_ERROR", operator.delete(`${path}/first`));
  await record("deletePartner", "PARTNER_NOT_FOUND_ERROR", operator.delete(`${path}/1000`));

  const read = (bindings: Partial<AppEnv["Bindings"]>, url = "/v2/orders", headers = {}) =>
    readWith({ ...env, ...bindings }, url, { Authorization: `Bearer ${partner.key}`, ...headers });
  await record("anywhere", "NOT_FOUND_ERROR", read({ ADMIN_TOKEN: "" }, path));
  await record("anywhere", "AUTHENTICATION_ERROR", read({}, "/v2/orders", { Authorization: "-" }));
  const exhausted = { limit: async () => ({ success: false }) };
  const misspelt = read({}, "/v2/orders", { "Sandbox-Fault": "lost-response" });
  await record("anywhere", "INVALID_REQUEST_ERROR", misspelt);
  const limits = { RATE_LIMITS: "on", PARTNER_RATE_LIMIT: exhausted };
  await record("anywhere", "RATE_LIMIT_ERROR", read(limits));
  await record(
    "anywhere",
    "INTERNAL_ERROR",
    read({ DB: failing("D1_ERROR: no such column: x: SQLITE_ERROR") }),
  );
  const lost = failing("D1_ERROR: Network connection lost.");
  await record("anywhere", "SERVICE_UNAVAILABLE_ERROR", read({ DB: lost }));
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 10_000 });
  await record("getHealth", 503, read({ DB: lost }, "/health"));
  vi.useRealTimers();
  setVariables({ BYTE_QUOTA: "1000" });
  await record("anywhere", "QUOTA_EXCEEDED_ERROR", partner.post("/v2/orders", orderBody()));
  setVariables({ BYTE_QUOTA: "" });
  const tooLarge = partner.post("/v2/orders", " ".repeat(MAX_BODY_BYTES + 1));
  await record("anywhere", "PAYLOAD_TOO_LARGE_ERROR", tooLarge);
  await record("anywhere", "REQUEST_TIMEOUT_ERROR", sendStalledBody(partner.key));
  const asForm = { "Content-Type": "application/x-www-form-urlencoded" };
  const form = partner.post("/v2/orders", "id=order-1", asForm);
  await record("anywhere", "UNSUPPORTED_MEDIA_TYPE_ERROR", form);
  await record("deleteKey", 200, partner.delete("/v2/keys"));

  const file = `${JSON.stringify(recorded, null, 2)}\n`;
  await expect(file).toMatchFileSnapshot("../../src/generated/examples.json");
});

const RECORDED_ID = "1768469400123000";

type Recorder = (
  operationId: string,
  expected: string | number,
  sent: Promise<ApiResponse>,
  request?: object,
) => Promise<void>;

/** Records the examples of webhooks and notifications. */
async function recordNotifications(
  record: Recorder,
  recorded: Record<string, Record<string, unknown>>,
): Promise<void> {
  setVariables({ WEBHOOK_ADDRESSES: "any" });
  const client = await newPartner();
  const receiver = new Receiver();
  const hooks = "/sandbox/webhooks";
  const input = { kinds: ["TRANSACTION"], signing_token: "a-token-of-your-own" };
  const shown = { url: "https://partner.example.com/imprint", ...input };
  const added = client.post(hooks, { ...input, url: receiver.url });
  await record("addWebhook", 200, added, shown);
  const { id } = (await added).body;
  const wrongUrl = { url: "ftp://partner.example.com/" };
  await record("addWebhook", "INVALID_REQUEST_ERROR", client.post(hooks, wrongUrl));
  await record("listWebhooks", 200, client.get(hooks));
  await record("listWebhooks", "INVALID_REQUEST_ERROR", client.get(`${hooks}?limit=0`));
  await record("getWebhook", 200, client.get(`${hooks}/${id}`));
  await record("getWebhook", "INVALID_REQUEST_ERROR", client.get(`${hooks}/a%20b`));
  await record("getWebhook", "WEBHOOK_NOT_FOUND_ERROR", client.get(`${hooks}/none`));
  const change = (each: string, body: object) => client.send("PATCH", `${hooks}/${each}`, body);
  const faster = { retry_after_seconds: [1, 2, 3] };
  await record("changeWebhook", 200, change(id, faster), faster);
  await record("changeWebhook", "INVALID_REQUEST_ERROR", change(id, wrongUrl));
  await record("changeWebhook", "WEBHOOK_NOT_FOUND_ERROR", change("none", faster));
  await record("testWebhook", "INVALID_REQUEST_ERROR", client.post(`${hooks}/a%20b/test`));
  await record("testWebhook", "WEBHOOK_NOT_FOUND_ERROR", client.post(`${hooks}/none/test`));
  await record("removeWebhook", "INVALID_REQUEST_ERROR", client.delete(`${hooks}/a%20b`));
  await record("removeWebhook", "WEBHOOK_NOT_FOUND_ERROR", client.delete(`${hooks}/none`));

  const list = "/sandbox/notifications";
  const reward = { object: "REWARD", data: { status: "AVAILABLE" } };
  await record("triggerNotification", 200, client.post(list, reward), reward);
  const wrongType = { object: "TRANSACTION", data: { amount: "5000" } };
  await record("triggerNotification", "INVALID_REQUEST_ERROR", client.post(list, wrongType));
  const captured = { story: "force_captured", amount: 5_000, network_transaction_id: "nt-1" };
  await client.post("/sandbox/transactions", captured);
  const [sent] = await settled(client, 1, "object=TRANSACTION");
  await record("listNotifications", 200, client.get(`${list}?object=TRANSACTION`));
  await record("listNotifications", "INVALID_REQUEST_ERROR", client.get(`${list}?object=ORDER`));
  await record("getNotification", 200, client.get(`${list}/${sent.id}`));
  await record("getNotification", "INVALID_REQUEST_ERROR", client.get(`${list}/first`));
  await record("getNotification", "NOTIFICATION_NOT_FOUND_ERROR", client.get(`${list}/1`));
  await record("resendNotification", 200, client.post(`${list}/${sent.id}/resend`));
  await record("resendNotification", "INVALID_REQUEST_ERROR", client.post(`${list}/first/resend`));
  const unknown = client.post(`${list}/1/resend`);
  await record("resendNotification", "NOTIFICATION_NOT_FOUND_ERROR", unknown);
  await record("testWebhook", 200, client.post(`${hooks}/${id}/test`));

  const cut = { header: "t=1768469400123,s=5f2c", body: "{}" };
  await record("verifyNotification", 200, client.post(`${list}/verify`, cut), cut);
  const incomplete = client.post(`${list}/verify`, { header: cut.header });
  await record("verifyNotification", "INVALID_REQUEST_ERROR", incomplete);

  const listener = (await client.post(hooks, { kinds: ["STREAK"] })).body;
  const stream = await openStream(client, `${list}/stream?webhook_id=${listener.id}`);
  await client.post(list, { object: "STREAK" });
  const [offered] = await stream.take(1);
  await stream.cancel();
  const { notification_id, delivery_id, attempt } = offered;
  const report = { delivery_id, attempt, status: 200, response_body: "ok", ms: 12 };
  const attempts = `${list}/${notification_id}/attempts`;
  await record("reportAttempt", 200, client.post(attempts, report), { ...report, delivery_id: 1 });
  await record("reportAttempt", "INVALID_REQUEST_ERROR", client.post(attempts, {}));
  const elsewhere = client.post(`${list}/1/attempts`, report);
  await record("reportAttempt", "NOTIFICATION_NOT_FOUND_ERROR", elsewhere);
  const event = `id: ${RECORDED_ID}\ndata: ${JSON.stringify(withFixedValues(sent))}\n\n`;
  (recorded["streamNotifications"] ??= {})[200] = event;
  const ofNone = client.get(`${list}/stream?webhook_id=none`);
  await record("streamNotifications", "WEBHOOK_NOT_FOUND_ERROR", ofNone);
  const ofOrders = client.get(`${list}/stream?object=ORDER`);
  await record("streamNotifications", "INVALID_REQUEST_ERROR", ofOrders);
  const open = () => openStream(client, `${list}/stream`);
  const streams = [];
  for (let count = 0; count < MAX_STREAMS; count += 1) streams.push(await open());
  await record("streamNotifications", "CONFLICT_ERROR", client.get(`${list}/stream`));
  await Promise.all(streams.map((each) => each.cancel()));
  for (let count = 2; count < MAX_WEBHOOKS; count += 1) await client.post(hooks, input);
  await record("addWebhook", "CONFLICT_ERROR", client.post(hooks, input));
  const resend = () => client.post(`${list}/${sent.id}/resend`);
  let resent = await resend();
  while (resent.status === 200) resent = await resend();
  await record("resendNotification", "CONFLICT_ERROR", Promise.resolve(resent));
}

/** Sends a request to the app with other bindings. */
async function readWith(
  bindings: AppEnv["Bindings"],
  path: string,
  headers: Record<string, string>,
): Promise<ApiResponse> {
  const request = new Request(`https://sandbox.test${path}`, { headers });
  const response = await app.fetch(request, bindings, createExecutionContext());
  return readResponse("GET", request.url, response);
}

/** Sends a body that never ends, and returns the response. */
async function sendStalledBody(key: string): Promise<ApiResponse> {
  const request = new Request("https://sandbox.test/v2/orders", {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: new ReadableStream(),
  });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const sent = app.fetch(request, env, createExecutionContext());
  while (vi.getTimerCount() === 0) await scheduler.wait(1);
  vi.advanceTimersByTime(UPLOAD_SECONDS * 1_000);
  vi.useRealTimers();
  return readResponse("POST", request.url, await sent);
}

/** A D1 whose queries all fail. */
function failing(message: string): D1Database {
  const fail = () => Promise.reject(new Error(message));
  const statement = { bind: () => statement, all: fail };
  return { prepare: () => statement, batch: fail } as unknown as D1Database;
}

/** Replaces values that differ between runs by fixed ones: generated IDs, times and keys. */
function withFixedValues(body: unknown): unknown {
  const text = JSON.stringify(body)
    .replaceAll('"https://sandbox.test', '"http://localhost:8787')
    .replace(/"request_id":"[^"]*"/g, '"request_id":"5e3caf25-6a5e-4fad-b436-45abb9f3c420"')
    .replace(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, "5e3caf25-6a5e-4fad-b436-45abb9f3c420")
    .replace(/"id":"\d{16}"/g, `"id":"${RECORDED_ID}"`)
    .replace(/"since":"[^"]*"/g, '"since":"2026-01-08T09:30:00Z"')
    .replace(/\(request [^)]*\)/g, "(request 5e3caf25-6a5e-4fad-b436-45abb9f3c420)")
    .replace(/"environment":\d+/g, '"environment":12')
    .replace(/"at":"[^"]*"/g, '"at":"2026-01-15T09:30:00.123Z"')
    .replace(/http:\/\/127[^"]*/g, "https://partner.example.com/imprint")
    .replace(/"(\w*)id":"\d{16}"/g, `"$1id":"${RECORDED_ID}"`)
    .replace(/"(delivery_id|id)":\d+,"webhook_id"/g, '"$1":1,"webhook_id"')
    .replace(/"t=\d+,s=[\da-f]+"/g, '"t=1768469400123,s=5f2c"')
    .replace(/\\"created_at\\":\\"[^"]*"/g, '\\"created_at\\":\\"2026-01-15T09:30:00.123Z\\"')
    .replace(/\\"updated_at\\":\\"[^"]*"/g, '\\"updated_at\\":\\"2026-01-15T09:30:00.123Z\\"')
    .replace(/"ms":\d+/g, '"ms":4')
    .replace(/"(\w+_at)":"[^"]*"/g, '"$1":"2026-01-15T09:30:00Z"')
    .replace(/"last_four":"[^"]*"/g, '"last_four":"x7Qk"')
    .replace(/"test_[\w-]{75}"/g, '"test_a-key-that-is-shown-only-once-00"');
  return JSON.parse(text);
}

const timelinePath = (id: string) => `/sandbox/orders/${id}/timeline`;
