import type { OrderEventInput } from "./order-events.ts";
import type { OrderInput } from "./orders.ts";
import type { StoryInput } from "./transaction-stories.ts";

/** The initial data: none, or the published example order with its event and its card transaction. */
export const FIXTURES = ["empty", "documentation"] as const;
export type Fixture = (typeof FIXTURES)[number];

const ID = "77f60af4-185e-4867-b113-34e3cf7c6acd";
const COUCH = { name: "Couch Supreme", quantity: 1, rate: 274999, rewards_rate: 2500 };

const CARD = {
  customer_id: "1bb0ab64-ed57-4f2f-bd8d-ab04d1a365c5",
  payment_method_id: "0144ea84-3c39-4382-a37a-03c699b77646",
};
const NETWORK_TRANSACTION_ID = "615e3ba0-6b99-495b-ade4-1f584c40f376";

/** The content of a fixture, as a partner would send it. */
interface FixtureContent {
  order: OrderInput & { id: string };
  event: OrderEventInput & { order_event_id: string };
  transaction: StoryInput & { transaction_id: string; event_ids: string[] };
}

export const FIXTURE_CONTENT: Record<Fixture, FixtureContent | undefined> = {
  empty: undefined,
  documentation: {
    order: {
      id: ID,
      ...CARD,
      partner_order_id: "o-c8a1fe46bbff4a18ba1d",
      merchant_id: "m-123456789",
      merchant_name: "Rest Assured",
      merchant_address: [
        {
          street_line1: "123 Main St",
          street_line2: "Apt 4B",
          city: "San Francisco",
          state: "CA",
          postal_code: "94105",
          country: "USA",
        },
      ],
      total_order_amount: 274999,
      total_rewards_amount: 2500,
      currency: "USD",
      created_at: "2025-02-13T19:08:07Z",
      updated_at: "2025-02-13T19:08:07Z",
      order_lines: [{ ...COUCH, product_url: "www.restassured.com/couch-supreme" }],
    },
    event: {
      order_event_id: ID,
      order_id: ID,
      partner_event_id: "7622c07d-eb2b-4345-a9a9-345d61d32bc2",
      type: "CAPTURED",
      amount: 274999,
      rewards_amount: 2500,
      currency: "USD",
      network_transaction_id: NETWORK_TRANSACTION_ID,
      order_lines: [{ ...COUCH, product_url: "www.crate.com/couch-supreme" }],
    },
    transaction: {
      // Time-ordered: it sorts before every transaction that is simulated later.
      transaction_id: "019500b6-11d8-7000-8000-000000000000",
      event_ids: ["019500b6-11d8-7000-8000-000000000001", "019500b6-11d8-7000-8000-000000000002"],
      ...CARD,
      network_transaction_id: NETWORK_TRANSACTION_ID,
      story: "captured",
      amount: 274999,
    },
  },
};
