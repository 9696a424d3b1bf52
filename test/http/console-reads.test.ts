import { expect, it } from "vitest";
import { expectStatus, newPartner, orderBody } from "../support/client.ts";

const HEADERS = { "Sandbox-Console": "true" };
it("a read of the console is neither recorded nor altered by a fault", async () => {
  const partner = await newPartner();
  expectStatus(await partner.post("/sandbox/faults", { fault: "unavailable" }), 200);
  expectStatus(await partner.send("GET", "/v2/orders", undefined, HEADERS), 200);
  expectStatus(await partner.get("/v2/orders?limit=5"), 503);
  const query = async () => (await partner.get("/sandbox/requests")).body.data;
  await expect.poll(query).toEqual([expect.objectContaining({ status: 503 })]);
});

it("a write of the console is recorded, and faults act on it", async () => {
  const partner = await newPartner();
  expectStatus(await partner.post("/sandbox/faults", { fault: "unavailable" }), 200);
  expectStatus(await partner.post("/v2/orders", orderBody(), HEADERS), 503);
  const count = async () => (await partner.get("/sandbox/requests")).body.total;
  await expect.poll(count).toBe(1);
});
