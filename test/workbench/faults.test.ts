import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { MAX_FAULT_SKIP, MAX_FAULTS } from "../../src/domain/faults.ts";
import type { Workbench } from "../../src/workbench/workbench.ts";
import { expectStatus, newPartner, type Client } from "../support/client.ts";

/** The number of rows that the workbench writes when a read matches a fault. */
function rowsWrittenByRead({ environmentId }: Client): Promise<number> {
  const stub = env.WORKBENCH.getByName(String(environmentId));
  return runInDurableObject(stub, async (instance: Workbench, { storage }) => {
    const statements = vi.spyOn(storage.sql, "exec");
    const dataset_id = storage.kv.get<number>("dataset_id")!;
    const subject = { method: "GET", path: "/v2/orders" };
    await instance.takeFault({ environment_id: environmentId, dataset_id }, subject);
    const written = statements.mock.results.map(
      ({ value }) => (value as SqlStorageCursor<never>).rowsWritten,
    );
    statements.mockRestore();
    return written.reduce((sum, rows) => sum + rows, 0);
  });
}

it("a read writes one row, however many faults skip it", async () => {
  const partner = await newPartner();
  const skipping = { fault: "error", skip: MAX_FAULT_SKIP };
  await Promise.all(
    Array.from({ length: MAX_FAULTS }, () => partner.post("/sandbox/faults", skipping)),
  );
  expect((await partner.get("/sandbox/faults")).body.total).toBe(MAX_FAULTS);
  expect(await rowsWrittenByRead(partner)).toBe(1);
});

it("a read writes one row if it uses a fault up, and none if no fault matches", async () => {
  const partner = await newPartner();
  const write = { fault: "error", match: { method: "POST" } };
  expectStatus(await partner.post("/sandbox/faults", write), 200);
  expect(await rowsWrittenByRead(partner)).toBe(0);
  expectStatus(await partner.post("/sandbox/faults", { fault: "error" }), 200);
  expect(await rowsWrittenByRead(partner)).toBe(1);
  expect((await partner.get("/sandbox/faults")).body.total).toBe(1);
});
