import { createExecutionContext, createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi, type MockInstance } from "vitest";
import { app } from "../../src/app.ts";
import { configOf, InvalidConfig } from "../../src/config.ts";
import worker from "../../src/index.ts";
import { newPartner, refusalOf, readResponse } from "../support/client.ts";

let log: MockInstance;
beforeEach(() => {
  log = vi.spyOn(console, "error").mockReturnValue(undefined);
});
afterEach(() => vi.restoreAllMocks());

const withVariables = (variables: object) => ({ ...env, ...variables }) as typeof env;

const INVALID: [name: string, value: string | undefined, sentence: string][] = [
  ["ORDER_QUOTA", "1_0", `Expected a whole number, or nothing for no quota, but received "1_0"`],
  [
    "ORDER_EVENT_QUOTA",
    "-1",
    `Expected a whole number, or nothing for no quota, but received "-1"`,
  ],
  ["BYTE_QUOTA", "1e9", `Expected a whole number, or nothing for no quota, but received "1e9"`],
  ["BYTE_QUOTA", undefined, "Expected text, but it is missing"],
  ["RETENTION_DAYS", "abc", `Expected a whole number of days`],
  ["RETENTION_DAYS", "0.5", `Expected a whole number of days`],
  ["RATE_LIMITS", "false", `Expected "on" or "off", but received "false"`],
  ["UNSIGNED_KEYS", "yes", `Expected "on" or "off", but received "yes"`],
  ["LEDGER_LOCATION_HINT", "us-east-1", "Expected a region"],
  ["ADMIN_TOKEN", "hunter2", "Expected at least 32 characters, but received 7"],
  ["KEY_SECRET", " , ", "Expected a secret, or several separated by commas"],
];

it.each(INVALID)("%s = %j: API requests return 503, and the log names it", async (...invalid) => {
  const [name, value, sentence] = invalid;
  const partner = await newPartner();
  for (const path of ["/v2/orders", "/sandbox/keys", "/sandbox/partners"]) {
    const headers = { Authorization: `Bearer ${partner.key}` };
    const request = new Request(`https://sandbox.test${path}`, { headers });
    const bindings = withVariables({ [name]: value });
    const response = await app.fetch(request, bindings, createExecutionContext());
    const refused = await readResponse("GET", request.url, response);
    expect(refusalOf(refused)).toEqual({ status: 503, type: "SERVICE_UNAVAILABLE_ERROR" });
    expect(refused.body.error.message).toContain(`${name}: ${sentence.slice(0, 20)}`);
  }
  const logged = log.mock.calls.map(([line]) => JSON.parse(String(line)));
  expect(logged).toHaveLength(3);
  expect(logged[0]).toMatchObject({ message: "invalid configuration" });
  expect(logged[0].error.message).toContain(`${name}: `);
  expect(logged[0].error.message).toContain(sentence);
  expect(JSON.stringify(logged)).not.toContain("hunter2");
});

it.each(INVALID.slice(0, 5))("%s = %j: the hourly job fails and names it", async (name, value) => {
  const run = worker.scheduled(createScheduledController(), withVariables({ [name]: value }));
  await expect(run).rejects.toThrow(`${name}: `);
});

it("names every invalid variable", () => {
  const invalid = withVariables({ ORDER_QUOTA: "x", RETENTION_DAYS: "y" });
  expect(() => configOf(invalid)).toThrow(InvalidConfig);
  expect(() => configOf(invalid)).toThrow(/ORDER_QUOTA: .+ RETENTION_DAYS: /);
});

it.each([
  [
    { ORDER_QUOTA: "", ORDER_EVENT_QUOTA: "", TRANSACTION_QUOTA: "", BYTE_QUOTA: "" },
    { quotas: undefined },
  ],
  [
    { ORDER_QUOTA: "10", ORDER_EVENT_QUOTA: "", TRANSACTION_QUOTA: "5", BYTE_QUOTA: "0" },
    { quotas: { orders: 10, order_events: Number.MAX_SAFE_INTEGER, transactions: 5, bytes: 0 } },
  ],
  [{ RETENTION_DAYS: "0" }, { retentionDays: 0 }],
  [{ ADMIN_TOKEN: "" }, { adminToken: undefined }],
  [{ KEY_SECRET: " new , old,, " }, { keySecrets: ["new", "old"] }],
])("reads %j", (variables, expected) => {
  expect(configOf(withVariables(variables))).toMatchObject(expected);
});
