import { describe, expect, it } from "vitest";
import { MAX_PAGE_BYTES } from "../../src/domain/stored-bytes.ts";
import { costOf, eventBody, expectStatus, newPartner, orderBody } from "../support/client.ts";

/** Lines that make a body of about 80 KB. */
const LINES = Array.from({ length: 400 }, (_, index) => ({
  name: String(index).padEnd(150, "x"),
  quantity: 1,
  rate: 1,
  rewards_rate: 0,
}));
const ITEMS = 7;

describe.each([
  [
    "/v2/orders",
    (number: number) =>
      orderBody({ id: `item-${number}`, total_order_amount: 400, order_lines: LINES }),
  ],
  [
    "/v2/order_events",
    (number: number) =>
      eventBody({
        order_event_id: `item-${number}`,
        order_id: "of",
        amount: 400,
        order_lines: LINES,
      }),
  ],
])("a page of long items of %s", (path, bodyOf) => {
  it("ends early with has_more, and the next page continues without a gap", async () => {
    const client = await newPartner();
    await client.createOrder({ id: "of" });
    const sent = Array.from({ length: ITEMS }, (_, number) => bodyOf(number));
    for (const body of sent) expectStatus(await client.post(path, body), 200);

    const seen: { id?: string; order_event_id?: string; order_lines?: object[] }[] = [];
    let pages = 0;
    for (let cursor = "", hasMore = true; hasMore; pages += 1) {
      const response = expectStatus(await client.get(`${path}?limit=100${cursor}`), 200);
      const { data, has_more, total } = response.body;
      expect(total).toBe(path === "/v2/orders" ? ITEMS + 1 : ITEMS);
      expect(response.text.length).toBeLessThan(MAX_PAGE_BYTES);
      expect(costOf(response).queries).toBeLessThanOrEqual(2);
      seen.push(...data);
      hasMore = has_more;
      cursor = `&starting_after=${idOf(data.at(-1))}`;
    }
    expect(pages).toBeGreaterThanOrEqual(3);
    const long = seen.filter((each) => idOf(each) !== "of");
    expect(long.map(idOf)).toEqual(sent.map(idOf).toReversed());
    for (const each of long) expect(each.order_lines).toEqual(LINES);
  });
});

const idOf = (item: object) => {
  const { id, order_event_id } = item as { id?: string; order_event_id?: string };
  return id ?? order_event_id;
};
