import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectStatus, newPartner, refusalOf, type Client } from "../support/client.ts";
import { document } from "../support/document.ts";

/** Both lists, with how to add an item and the name of its ID. */
const LISTS = [
  {
    path: "/v2/orders",
    id: "id",
    add: (client: Client) => client.createOrder(),
  },
  {
    path: "/v2/order_events",
    id: "order_event_id",
    add: async (client: Client, orderId: string) =>
      (await client.capture(orderId, 1)).body.order_event_id as string,
  },
];

it.each(LISTS)(
  "lists $path completely, newest first, at every page size, while items are added",
  async ({ path, id, add }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 25 }),
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.boolean(), { maxLength: 30 }),
        async (count, limit, additions) => {
          const client = await newPartner();
          const orderId = await client.createOrder();
          const expected = path === "/v2/orders" ? [orderId] : [];
          for (let index = 0; index < count; index += 1)
            expected.unshift(await add(client, orderId));

          const walked: string[] = [];
          for (let page = 0; ; page += 1) {
            const after = walked.length > 0 ? `&starting_after=${walked.at(-1)}` : "";
            const response = expectStatus(await client.get(`${path}?limit=${limit}${after}`), 200);
            const { data, has_more, total } = response.body;
            walked.push(...data.map((each: Record<string, string>) => each[id]));
            expect(data.length).toBe(has_more ? limit : Math.min(limit, data.length));
            expect(total).toBeGreaterThanOrEqual(expected.length);
            if (!has_more) break;
            // Newer items belong before the first page, so later pages must not include them.
            if (additions[page]) await add(client, orderId);
          }
          expect(walked).toEqual(expected);
        },
      ),
      { numRuns: 12 },
    );
  },
  60_000,
);

describe.each(LISTS)("a page of $path", ({ path, add }) => {
  it("has 10 items by default, and at most 100", async () => {
    const client = await newPartner();
    const orderId = await client.createOrder();
    await Promise.all(Array.from({ length: 102 }, () => add(client, orderId)));
    const { body } = await client.get(`${path}?limit=1000`);
    expect([body.data.length, body.has_more]).toEqual([100, true]);
    expect((await client.get(path)).body.data).toHaveLength(10);
  });

  it.each(["limit=0", "limit=x", "limit=1.5", "starting_after=unknown"])(
    "is rejected with %s",
    async (query) => {
      const response = await (await newPartner()).get(`${path}?${query}`);
      expect(refusalOf(response)).toMatchObject({ status: 400, param: query.split("=")[0] });
    },
  );

  it("names the field that starting_after takes", async () => {
    const { body } = await (await newPartner()).get(`${path}?starting_after=unknown`);
    const field = path === "/v2/orders" ? "id" : "order_event_id";
    expect(body.error.message).toContain(`Expected the ${field} of the last item`);
  });

  it("documents limit as a number with its default", () => {
    expect(document.paths[path]?.["get"]?.parameters).toContainEqual(
      expect.objectContaining({
        in: "query",
        name: "limit",
        schema: expect.objectContaining({ type: "integer", minimum: 1, default: 10 }),
      }),
    );
  });
});
