import { expect, it, vi } from "vitest";
import { MAX_WEBHOOKS } from "../../src/domain/webhooks.ts";
import { costOf, expectStatus, newPartner, orderBody, refusalOf } from "../support/client.ts";
import { datasetOf, newRequest, workbenchOf } from "../support/recorded-requests.ts";
import { setVariables } from "../support/variables.ts";

const DAY_MILLISECONDS = 86_400_000;

it.each([
  ["written", { ROWS_WRITTEN_PER_DAY: "40", ROWS_READ_PER_DAY: "" }],
  ["read", { ROWS_WRITTEN_PER_DAY: "", ROWS_READ_PER_DAY: "100" }],
])("returns 429 to a partner whose rows %s exceed a quarter of the day's", async (_, limits) => {
  setVariables({ RATE_LIMITS: "on", ...limits });
  const [partner, other] = [await newPartner(), await newPartner()];
  let rejected = await partner.post("/v2/orders", orderBody());
  for (let sent = 1; rejected.status === 200 && sent < 20; sent += 1) {
    expect(costOf(rejected).rows_written).toBeGreaterThan(0);
    rejected = await partner.post("/v2/orders", orderBody());
  }
  expect(refusalOf(rejected)).toEqual({ status: 429, type: "RATE_LIMIT_ERROR" });
  expect(costOf(rejected).queries).toBe(0);
  const seconds = Number(rejected.headers.get("Retry-After"));
  expect(rejected.body.error.message).toContain(`after ${seconds} seconds`);
  expectStatus(await partner.get("/sandbox/keys"), 429);
  expectStatus(await other.post("/v2/orders", orderBody()), 200);

  const now = Date.now();
  const clock = vi.spyOn(Date, "now");
  clock.mockReturnValue(now + (seconds - 60) * 1_000);
  expectStatus(await partner.get("/v2/orders"), 429);
  clock.mockReturnValue(now + seconds * 1_000);
  expectStatus(await partner.get("/v2/orders"), 200);
  clock.mockReturnValue(now + DAY_MILLISECONDS);
  expectStatus(await partner.post("/v2/orders", orderBody()), 200);
  clock.mockRestore();
});

it("counts the rows that recording writes, also for a request beyond the rate limit", async () => {
  const exhausted = { limit: async () => ({ success: false }) };
  const limits = { ROWS_WRITTEN_PER_DAY: "40", ROWS_READ_PER_DAY: "" };
  setVariables({ RATE_LIMITS: "on", PARTNER_RATE_LIMIT: exhausted, ...limits });
  const partner = await newPartner();
  const messages = [];
  for (let sent = 0; sent < 20; sent += 1) {
    messages.push(expectStatus(await partner.get("/v2/orders"), 429).body.error.message);
  }
  const refused = messages.filter((message) => message.includes("rows"));
  expect(refused.length).toBeGreaterThan(15);
  // The requests that the row limit refused are not recorded.
  const recorded = async () =>
    (await workbenchOf(partner).listRequests(datasetOf(partner), {}, { limit: 100 })).result;
  await expect.poll(recorded).toMatchObject({ total: 20 - refused.length });
});

it("counts the row of a key's use", async () => {
  const partner = await newPartner();
  setVariables({ RATE_LIMITS: "on", ROWS_WRITTEN_PER_DAY: "3", ROWS_READ_PER_DAY: "" });
  expectStatus(await partner.get("/sandbox/keys"), 200);
  expectStatus(await partner.get("/sandbox/keys"), 429);
});

/** More rows than the requests of these tests read in D1. */
const RECORDED = 300;

it.each([
  ["a list of requests", "/sandbox/requests"],
  ["a list that matches none", "/sandbox/requests?path=/none"],
  ["counts of requests", "/sandbox/requests/summary"],
  ["a readiness report", "/sandbox/readiness"],
  ["a report on all environments", "/sandbox/readiness?environments=all"],
  ["a stream that resumes", "/sandbox/requests/stream?path=/none"],
])("counts the rows that a workbench reads for %s", async (_, path) => {
  const partner = await newPartner();
  await workbenchOf(partner).record(
    datasetOf(partner),
    Array.from({ length: RECORDED }, () => newRequest()),
  );
  setVariables({ RATE_LIMITS: "on", ROWS_READ_PER_DAY: `${RECORDED * 4}` });
  const resume = { "Last-Event-ID": "1" };
  const read = async () => (await partner.send("GET", path, undefined, resume)).status;
  expect(await read()).toBe(200);
  // The rows of a stream are counted with the next request to its workbench.
  await expect.poll(read).toBe(429);
});

it("counts the rows that a workbench writes for notifications", async () => {
  const partner = await newPartner();
  for (let count = 0; count < MAX_WEBHOOKS; count += 1) {
    const webhook = { url: "https://receiver.example" };
    expectStatus(await partner.post("/sandbox/webhooks", webhook), 200);
  }
  const event = { payment_method_id: "pm", status: "APPROVED", amount: 100 };
  setVariables({ RATE_LIMITS: "on", ROWS_WRITTEN_PER_DAY: "400" });
  let sent = 0;
  const simulate = async () => {
    sent += 1;
    return (await partner.post("/v2/simulate_transaction_event", event)).status;
  };
  await expect.poll(simulate, { interval: 300 }).toBe(429);
  // In D1 and for the recording, an event writes at most 12 rows.
  expect(sent).toBeLessThan(100 / 12);
});

it.each([
  ["faults", "/sandbox/faults", { fault: "error" }],
  ["webhooks", "/sandbox/webhooks", { url: "https://example.com" }],
])("counts the rows that a workbench writes for %s", async (_, path, body) => {
  setVariables({ RATE_LIMITS: "on", ROWS_WRITTEN_PER_DAY: "40" });
  const partner = await newPartner();
  let [rejected, sent] = [await partner.post(path, body), 1];
  for (; rejected.status === 200 && sent < 9; sent += 1) rejected = await partner.post(path, body);
  expectStatus(rejected, 429);
  expect(sent).toBeLessThan(6);
});

it("counts no rows where rate limits are off", async () => {
  setVariables({ RATE_LIMITS: "off", ROWS_WRITTEN_PER_DAY: "1" });
  const partner = await newPartner();
  for (let sent = 0; sent < 3; sent += 1) await partner.createOrder();
});
