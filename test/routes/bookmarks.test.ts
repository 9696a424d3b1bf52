import { expect, it } from "vitest";
import { expectStatus, newPartner, orderBody, refusalOf } from "../support/client.ts";

const BOOKMARK = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/;

it("every answer that has asked D1 returns a bookmark, by which one reads one's own writes", async () => {
  const client = await newPartner();
  let last = "";
  for (let index = 0; index < 5; index += 1) {
    const written = expectStatus(await client.post("/v2/orders", orderBody()), 200);
    const bookmark = written.headers.get("X-D1-Bookmark") ?? "";
    expect(bookmark).toMatch(BOOKMARK);
    // Bookmarks sort by age, and the write's is from the ledger's session.
    expect(bookmark > last).toBe(true);
    last = bookmark;

    const path = `/v2/orders?id=${written.body.id}`;
    const read = await client.send("GET", path, undefined, { "X-D1-Bookmark": bookmark });
    expect(expectStatus(read, 200).body.data).toEqual([written.body]);
    expect(read.headers.get("X-D1-Bookmark")! >= bookmark).toBe(true);
  }
  const refund = expectStatus(await client.refund("no-such-order", 1), 404);
  expect(refund.headers.get("X-D1-Bookmark")).toMatch(BOOKMARK);
});

it.each(["first-unconstrained", "first-primary", "x", "0".repeat(59)])(
  "%s is no bookmark",
  async (bookmark) => {
    const client = await newPartner();
    for (const path of ["/v2/orders", "/v2/order_events"]) {
      const answer = await client.send("GET", path, undefined, { "X-D1-Bookmark": bookmark });
      expect(refusalOf(answer)).toMatchObject({ status: 400, param: "X-D1-Bookmark" });
    }
  },
);
