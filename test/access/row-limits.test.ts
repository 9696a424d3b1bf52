import { expect, it, vi } from "vitest";
import { costOf, expectStatus, newPartner, orderBody, refusalOf } from "../support/client.ts";
import { datasetOf, SOON, workbenchOf } from "../support/recorded-requests.ts";
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
  await expect.poll(recorded, SOON).toMatchObject({ total: 20 - refused.length });
});

it("counts no rows where rate limits are off", async () => {
  setVariables({ RATE_LIMITS: "off", ROWS_WRITTEN_PER_DAY: "1" });
  const partner = await newPartner();
  for (let sent = 0; sent < 3; sent += 1) await partner.createOrder();
});
