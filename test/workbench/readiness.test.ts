import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { DEFAULT_ASSUMPTIONS } from "../../src/domain/assumptions.ts";
import { NO_CARD_FACTS } from "../domain/readiness/requests.ts";
import { MAX_RECORDED_REQUESTS, type NewRequest } from "../../src/domain/requests.ts";
import { expectStatus, newPartner } from "../support/client.ts";
import { datasetOf, newRequest, workbenchOf } from "../support/recorded-requests.ts";

/** Five times the limit of 2 seconds, for a loaded machine. The test prints the time that it took. */
const MAX_MILLISECONDS = 10_000;
const MAX_BYTES_READ = 40_000_000;

/** Requests that give every check something to compare. */
function requestOf(index: number): NewRequest {
  const order_id = `order-${index % 500}`;
  const version = { version_before: 1, version_after: 2 };
  const trace = { key_id: 1, hash: index, has_own_id: true, idempotency_key: index } as const;
  const at = new Date(Date.now() - MAX_RECORDED_REQUESTS + index).toISOString();
  const kind = index % 4;
  if (kind === 0)
    return newRequest({ at, trace: { key_id: 1, page: { list: 1, last: index, has_more: true } } });
  const event = {
    at,
    method: "POST",
    path: "/v2/order_events",
    order_id,
    order_event_id: `event-${index}`,
    partner_event_id: `partner-event-${index}`,
    network_transaction_id: "615e3ba0-6b99-495b-ade4-1f584c40f376",
    content: { event_type: kind === 1 ? "CAPTURED" : "REFUNDED", amount: 100, currency: "USD" },
    warnings: [{ code: "not_repeatable" }, { code: "refund_without_rewards" }],
    trace,
  } as const;
  if (kind === 3) {
    const error = { type: "CONFLICT_ERROR", message: "x".repeat(200), param: "amount" };
    return newRequest({ ...event, warnings: null, status: 409, error });
  }
  const fault = { fault: "lost_response", delay_ms: 0 } as const;
  return newRequest({
    ...event,
    ...version,
    warnings: null,
    ...(index % 8 === 1 && { fault, status: null }),
  });
}

it(`reports on ${MAX_RECORDED_REQUESTS} requests without reading their details`, async () => {
  const client = await newPartner();
  const workbench = workbenchOf(client);
  const requests = Array.from({ length: MAX_RECORDED_REQUESTS }, (_, index) => requestOf(index));
  for (let part = 0; part < MAX_RECORDED_REQUESTS; part += 1_000) {
    await workbench.record(datasetOf(client), requests.slice(part, part + 1_000));
  }
  const bytes = await runInDurableObject(workbench, (_, { storage }) => {
    // A report that needs the details fails.
    storage.sql.exec("DROP TABLE request_details");
    const columns = storage.sql
      .exec<{ name: string }>("SELECT name FROM pragma_table_info('requests')")
      .toArray()
      .map(({ name }) => `coalesce(octet_length("${name}"), 0)`);
    const total = `SELECT sum(${columns.join(" + ")}) AS bytes FROM requests`;
    return storage.sql.exec<{ bytes: number }>(total).one().bytes;
  });
  const began = performance.now();
  const { body } = expectStatus(await client.get("/sandbox/readiness"), 200);
  const ms = Math.round(performance.now() - began);
  const own = await runInDurableObject(workbench, async (instance) => {
    const beganReading = performance.now();
    const facts = { since: 0, card: NO_CARD_FACTS, assume: DEFAULT_ASSUMPTIONS };
    await instance.checkReadiness(datasetOf(client), facts);
    // The clock moves on only with I/O.
    await scheduler.wait(0);
    return Math.round(performance.now() - beganReading);
  });
  console.log(`${MAX_RECORDED_REQUESTS} requests, response: ${ms} ms, limit 2000`);
  console.log(`${MAX_RECORDED_REQUESTS} requests, reading and evaluating them: ${own} ms`);
  console.log(`${MAX_RECORDED_REQUESTS} requests, read: ${bytes} bytes, limit ${MAX_BYTES_READ}`);
  const status = Object.fromEntries(body.checks.map((each: { id: string }) => [each.id, each]));
  expect(status["lost_response"]).toMatchObject({ status: "failed" });
  expect(status["lists_followed"]).toMatchObject({ status: "failed" });
  expect(ms).toBeLessThan(MAX_MILLISECONDS);
  expect(bytes).toBeLessThan(MAX_BYTES_READ);
});
