import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { newPartner } from "../support/client.ts";

const run = (sql: string) => env.DB.prepare(sql).run();

describe("the tables", () => {
  it("are WITHOUT ROWID, except partners, environments and datasets, so that an insert writes one row", async () => {
    const { results } = await env.DB.prepare("PRAGMA table_list").all<{
      name: string;
      wr: number;
    }>();
    const ours = results.filter(({ name }) => !/^(sqlite|d1|_cf)_/.test(name));
    const withRowid = ours.filter(({ wr }) => wr === 0).map(({ name }) => name);
    expect(withRowid.toSorted()).toEqual([
      "datasets",
      "environments",
      "partners",
      "readiness_verdicts",
    ]);
    expect(ours.length).toBeGreaterThan(5);
  });

  it("enforce the rules even if the code is wrong", async () => {
    const { datasetId } = await newPartner();
    const client = await newPartner();
    const id = await client.createOrder();
    await client.capture(id, 100, { order_event_id: "e", partner_event_id: "pe" });
    await client.createOrder();
    await client.capture(id, 100);
    const where = `WHERE dataset_id = ${client.datasetId}`;
    const violations: [statement: string, constraint: RegExp][] = [
      [`UPDATE orders SET refunded_amount = 101 ${where}`, /CHECK.*orders_refunded_amount/],
      [
        `UPDATE orders SET refunded_rewards_amount = 1 ${where}`,
        /CHECK.*orders_refunded_rewards_amount/,
      ],
      [`UPDATE orders SET captured_amount = -1 ${where}`, /CHECK/],
      [`UPDATE orders SET total_order_amount = 9007199254740992 ${where}`, /CHECK/],
      [`DELETE FROM orders ${where}`, /FOREIGN KEY/],
      [`UPDATE order_events SET order_id = 'other' ${where}`, /FOREIGN KEY/],
      [`UPDATE order_events SET dataset_id = ${datasetId} ${where}`, /FOREIGN KEY/],
      [`UPDATE orders SET id = '${id}' ${where}`, /UNIQUE.*orders\.id/],
      [`UPDATE order_events SET order_event_id = 'e' ${where}`, /UNIQUE.*order_event_id/],
      [`UPDATE order_events SET partner_event_id = 'pe' ${where}`, /UNIQUE.*partner_event_id/],
      [
        `INSERT INTO order_changes SELECT * FROM order_changes ${where}`,
        /UNIQUE.*order_changes\.version/,
      ],
    ];
    for (const [statement, constraint] of violations) {
      await expect(run(statement), statement).rejects.toThrow(constraint);
    }
  });
});
