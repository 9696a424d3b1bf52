import * as z from "zod";
import { withoutNulls } from "../domain/complete.ts";
import type { Address, Order, OrderInput } from "../domain/orders.ts";
import { country, currency, id, money, reference, text, timestamp } from "./fields.ts";
import { MAX_LINES, orderLine, orderLineInput, linesAddUp, rewardsTotal } from "./order-lines.ts";
import { limit, listOf, startingAfter } from "./pages.ts";
import type { SchemaPerField } from "./schema-per-field.ts";

/** The maximum number of addresses of an order. */
export const MAX_ADDRESSES = 100;

export const address = z
  .object({
    street_line1: text
      .optional()
      .meta({ description: "Street address", examples: ["123 Main St"] }),
    street_line2: text.optional().meta({ description: "Apartment or suite", examples: ["Apt 4B"] }),
    city: text.optional().meta({ description: "City", examples: ["San Francisco"] }),
    state: text.optional().meta({ description: "State or province", examples: ["CA"] }),
    postal_code: text.optional().meta({ description: "ZIP or postal code", examples: ["94105"] }),
    country: country
      .optional()
      .meta({ description: "Country as an ISO 3166-1 alpha-3 code", examples: ["USA"] }),
  } satisfies SchemaPerField<Address>)
  .meta({ id: "Address" });

const orderId = id.meta({
  description: "The order's ID, unique within the environment",
  examples: ["order-1"],
});

const orderFields = {
  customer_id: reference.optional().meta({
    description: "The customer's ID",
    examples: ["1bb0ab64-ed57-4f2f-bd8d-ab04d1a365c5"],
  }),
  payment_method_id: reference.meta({
    description: "The payment method's ID",
    examples: ["0144ea84-3c39-4382-a37a-03c699b77646"],
  }),
  partner_order_id: reference.meta({
    description: "The order's ID in your system. Need not be unique",
    examples: ["po-1"],
  }),
  merchant_id: reference.meta({ description: "The merchant's ID", examples: ["m-123456789"] }),
  merchant_name: text.meta({ description: "The merchant's name", examples: ["Rest Assured"] }),
  merchant_address: z
    .array(address)
    .max(MAX_ADDRESSES)
    .optional()
    .meta({ description: "The merchant's addresses" }),
  total_order_amount: money.meta({
    description: "The order's total, in the minor unit",
    examples: [274999],
  }),
  created_at: timestamp.meta({
    description:
      "When the order was created (RFC 3339). Defaults to the time of the request. A `PUT` without it keeps the stored value",
    examples: ["2025-02-13T19:08:07Z"],
  }),
  updated_at: timestamp.meta({
    description:
      "When the order was last changed (RFC 3339). A `POST` stores the value sent; a `PUT` ignores it and sets the current time",
    examples: ["2025-02-13T19:08:07Z"],
  }),
};

/** An order in a request. Where the contract allows null, null means absent. */
export const orderInput = z
  .object({
    id: orderId.optional().meta({
      description:
        "The order's ID, unique within the environment. Defaults to a UUID, or in a `PUT` to the ID in the path",
    }),
    ...orderFields,
    merchant_id: orderFields.merchant_id.nullish(),
    merchant_name: orderFields.merchant_name.nullish(),
    total_rewards_amount: rewardsTotal.optional(),
    currency: currency
      .optional()
      .meta({ description: "ISO 4217 code. Defaults to USD", examples: ["USD"] }),
    created_at: orderFields.created_at.nullish(),
    updated_at: orderFields.updated_at.nullish(),
    order_lines: z.array(orderLineInput).max(MAX_LINES).optional().meta({
      description:
        "The items of the order. `rate` × `quantity` must add up to `total_order_amount`, and `rewards_rate` × `quantity` to `total_rewards_amount`",
    }),
  } satisfies SchemaPerField<OrderInput>)
  .superRefine(linesAddUp("total_order_amount", "total_rewards_amount"))
  .transform((order): OrderInput => withoutNulls(order))
  .meta({ id: "OrderInput" });

/** An order in a response. Fields without a value are left out. */
export const order = z
  .object({
    id: orderId,
    ...orderFields,
    merchant_id: orderFields.merchant_id.optional(),
    merchant_name: orderFields.merchant_name.optional(),
    total_rewards_amount: rewardsTotal,
    currency: z.string().meta({ description: "ISO 4217 code", examples: ["USD"] }),
    order_lines: z.array(orderLine).optional(),
  } satisfies SchemaPerField<Order>)
  .meta({ id: "Order" });

/** The published list of orders has no pagination: it returns only `data`. */
const pages = { onlyInSandbox: true };

export const orderList = listOf(order, "OrderList", pages);

export const orderQuery = z.object({
  id: orderId.optional().meta({ description: "Only the order with this ID" }),
  partner_order_id: orderFields.partner_order_id
    .optional()
    .meta({ description: "Only orders with this ID in your system" }),
  limit: limit(pages),
  starting_after: startingAfter("order-1", pages),
});

export const orderPath = z.object({ order_id: orderId.meta({ description: "The order's ID" }) });
