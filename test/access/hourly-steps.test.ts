import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import worker from "../../src/index.ts";
import { newPartner, type Client } from "../support/client.ts";
import { setVariables } from "../support/variables.ts";

const HOUR = 3_600_000;

/** Runs the job as if one hour from now, and returns the lines that it logs. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests read log lines of any shape
async function runHour(hour: number): Promise<Record<string, any>[]> {
  const log = vi.spyOn(console, "log").mockClear();
  const scheduledTime = new Date(Date.now() + hour * HOUR);
  await worker.scheduled(createScheduledController({ scheduledTime }), env);
  return log.mock.calls.map(([line]) => JSON.parse(String(line)));
}

const run = (statement: string, ...values: unknown[]) =>
  env.DB.prepare(statement)
    .bind(...values)
    .run();

/** Inserts old orders, each with more events than one step deletes. */
async function loadIdleOrders(client: Client, orders: number, events: number): Promise<void> {
  for (let index = 0; index < orders; index += 1) {
    const id = await client.createOrder({ id: `idle-${index}` });
    await run(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?3)
       INSERT INTO order_events (dataset_id, sequence, order_event_id, order_id, type, amount, rewards_amount,
         currency, network_transaction_id, payment_method_id, line_count)
       SELECT ?1, ?4 + i, ?2 || '-' || i, ?2, 'CAPTURED', 1, 0, 'USD', 'nt', 'pm', 0 FROM n`,
      client.datasetId,
      id,
      events,
      index * events,
    );
    await run(
      "UPDATE orders SET event_count = ?2, captured_amount = ?2 WHERE dataset_id = ?1 AND id = ?3",
      client.datasetId,
      events,
      id,
    );
  }
  await run(
    `INSERT INTO reconciliations (dataset_id, network_transaction_id, created_at, event_captured, event_count)
     VALUES (?1, 'nt', '', ?2, ?2)`,
    client.datasetId,
    orders * events,
  );
  await run("UPDATE order_changes SET changed_at = '2025-01-01T00:00:00Z'");
}

it("stays within its queries, and finishes idle orders with many events in later hours", async () => {
  setVariables({ RETENTION_DAYS: "90", HOURLY_QUERIES: "45" });
  const client = await newPartner();
  await loadIdleOrders(client, 8, 1_001);
  let hours = 0;
  for (; hours < 60; hours += 1) {
    const lines = await runHour(hours);
    const done = lines.find(({ message }) => message === "hourly work done")!;
    expect(done.statements).toBeLessThanOrEqual(45);
    if ((await client.get("/v2/orders")).body.total === 0) break;
  }
  expect(hours).toBeGreaterThan(1);
  expect((await client.get("/v2/orders")).body.total).toBe(0);
  expect((await client.get("/v2/order_events")).body.data).toEqual([]);
});

it("runs the other steps if one fails, and logs the failure", async () => {
  await run("ALTER TABLE idempotency_records RENAME TO set_aside");
  const logError = vi.spyOn(console, "error").mockReturnValue(undefined);
  try {
    const lines = await runHour(0);
    const { results } = lines.find(({ message }) => message === "hourly work done")!;
    expect(Object.keys(results)).toContain("rows of closed environments deleted");
    expect(Object.keys(results)).toContain("partners close to a quota");
    const failures = logError.mock.calls.map(([line]) => JSON.parse(String(line)));
    expect(failures).toContainEqual(
      expect.objectContaining({
        message: "hourly step failed",
        step: "idempotency records deleted",
      }),
    );
  } finally {
    await run("ALTER TABLE set_aside RENAME TO idempotency_records");
    logError.mockRestore();
  }
});
