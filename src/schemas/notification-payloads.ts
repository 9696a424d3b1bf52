/**
 * The payloads of notifications, as the contract publishes them. If the request to trigger one leaves a field out, the
 * field has the value of the example.
 */
import * as z from "zod";
import { PURCHASE_METHODS, TRANSACTION_STATUSES } from "../domain/transactions.ts";
import { NOTIFICATION_KINDS, type NotificationKind } from "../domain/webhooks.ts";
import { text } from "./fields.ts";

export const notificationKind = z
  .enum(NOTIFICATION_KINDS)
  .meta({ description: "The kind of notification", examples: ["TRANSACTION"] });

const withExample = <Field extends z.ZodType>(field: Field, example: unknown) =>
  field.optional().meta(example === undefined ? {} : { examples: [example] });

const textOf = (example: string) => withExample(text, example);
const nullableTextOf = (example: string) => withExample(text.nullable(), example);
const wholeNumberOf = (example: number) => withExample(z.int(), example);
const oneOf = <const Values extends readonly [string, ...string[]]>(
  values: Values,
  example: Values[number] = values[0],
) => withExample(z.enum(values), example);

const MOMENT = "2025-02-13T19:08:07.000Z";
const CUSTOMER = "2EE24580-B97B-4949-A65C-929CCB9B9B8D";

const merchant_key = textOf("MERCHANT_ABC");
const customer_id = textOf(CUSTOMER);
const partner_customer_id = textOf("PARTNER_USER_456");
const customer_metadata = withExample(z.record(z.string(), text), {
  loyalty_id: "840012345678",
  membership_tier: "gold",
});
const metadata = withExample(z.record(z.string(), z.unknown()), undefined);

const CARD_STATUSES = ["ACTIVE", "INACTIVE", "CANCELED"] as const;

const token = z.object({
  type: z.enum(["ADYEN", "APPLE_WALLET", "CYBERSOURCE", "WORLDPAY"]),
  token: text,
  pan_reference_id: text.optional(),
  created_at: text,
  updated_at: text,
});

const merchant = z.object({
  network_id: textOf("234923454545"),
  name: textOf("Target"),
  category: nullableTextOf("Grocery Stores"),
  category_code: nullableTextOf("5411"),
  address: z
    .object({
      street_line1: textOf("123 Main St"),
      street_line2: textOf("Apt 4B"),
      city: textOf("San Francisco"),
      state: textOf("CA"),
      postal_code: textOf("94105"),
      country: textOf("USA"),
    })
    .optional(),
});

/** `data` of each kind. Every field is optional, as published. */
const NOTIFICATION_DATA = {
  APPLICATION: z.object({
    merchant_key,
    customer_id,
    partner_customer_id,
    status: oneOf(["OFFER_ACCEPTED", "REJECTED"]),
    created_at: textOf(MOMENT),
    updated_at: textOf(MOMENT),
    customer_metadata,
  }),
  TRANSACTION: z.object({
    merchant_key,
    transaction_id: textOf("e2806932-5f1b-4518-8b15-156d773e9496"),
    event_id: textOf("e2806932-5f1b-4518-8b15-156d773e9496"),
    intent_id: nullableTextOf("intent-12345"),
    payment_method_id: textOf("7f754378-dd84-4a9a-b1ce-0646bb769c29"),
    customer_id: textOf("e0549550-90e9-4acb-b7e9-2e4738b7def2"),
    partner_customer_id,
    status: oneOf(TRANSACTION_STATUSES),
    created_at: textOf("2025-02-27T18:11:32.358Z"),
    updated_at: nullableTextOf("2025-02-27T18:15:00.000Z"),
    amount: wholeNumberOf(5000),
    currency: textOf("USD"),
    authorization_code: nullableTextOf("645432"),
    network_transaction_id: nullableTextOf("txn-789456"),
    purchase_method: withExample(z.enum(PURCHASE_METHODS).nullable(), "CHIP"),
    merchant: merchant.optional(),
    customer_metadata,
  }),
  PAYMENT_METHOD: z.object({
    merchant_key,
    payment_method_id: textOf("DCBFC736-2286-42DD-897D-160DCA80AED2"),
    customer_id,
    partner_customer_id,
    previous_status: oneOf(CARD_STATUSES),
    new_status: oneOf(CARD_STATUSES),
    card_type: oneOf(["PHYSICAL", "VIRTUAL", "UNIFIED"]),
    card_design_id: textOf("3b9c1f3e-52a0-44c1-b131-a7ab0099a214"),
    tokens: withExample(z.array(token), undefined),
    created_at: textOf(MOMENT),
    updated_at: textOf(MOMENT),
    customer_metadata,
  }),
  CUSTOMER_LINK: z.object({
    merchant_key,
    customer_id,
    partner_customer_id,
    status: oneOf(["ACTIVE"]),
    created_at: textOf("2025-02-13T19:08:07Z"),
    updated_at: textOf("2025-02-13T19:08:07Z"),
    customer_metadata,
  }),
  REWARD: z.object({
    merchant_key,
    reward_id: textOf("DCBFC736-2286-42DD-897D-160DCA80AED2"),
    customer_id,
    transaction_id: textOf("34E24580-B97B-4949-A65C-929CCB9B9B8D"),
    type: oneOf(["OFFER", "TRANSACTION", "ONE_TIME", "STATEMENT", "REFERRAL"], "TRANSACTION"),
    amount: wholeNumberOf(5000),
    status: oneOf(["PENDING", "AVAILABLE", "PENDING_DEDUCTION", "DEDUCTED"]),
    currency: textOf("POINTS"),
    created_at: textOf(MOMENT),
    metadata,
    customer_metadata,
  }),
  STREAK: z.object({
    merchant_key,
    customer_id,
    partner_customer_id,
    streak_id: textOf("11111111-2222-3333-4444-555555555555"),
    streak_config_id: textOf("66666666-7777-8888-9999-000000000000"),
    event: oneOf(
      ["ENROLLED", "PERIOD_COMPLETED", "STREAK_COMPLETED", "STREAK_FAILED"],
      "STREAK_COMPLETED",
    ),
    status: oneOf(["IN_PROGRESS", "COMPLETED", "FAILED"], "COMPLETED"),
    period_type: textOf("STATEMENT"),
    current_period: wholeNumberOf(12),
    completed_periods: wholeNumberOf(12),
    total_periods: wholeNumberOf(12),
    current_period_start_at: textOf("2026-05-01T12:00:00.000Z"),
    current_period_end_at: textOf("2026-05-31T12:00:00.000Z"),
    benefits: withExample(z.array(text), ["BENEFIT_1"]),
    created_at: textOf("2026-05-01T12:00:01.000Z"),
    metadata,
    customer_metadata,
  }),
  ACCOUNT_STATUS: z.object({
    merchant_key,
    customer_id,
    partner_customer_id,
    status: oneOf(["CLOSED"]),
    updated_at: textOf("2026-05-01T12:00:00Z"),
    customer_metadata,
  }),
} as const satisfies Record<NotificationKind, z.ZodObject>;

type Data = Record<string, unknown>;

/** Fills in the fields of `data` that a request leaves out, for `notificationData` to validate. */
export function completeData(kind: NotificationKind, given: Data): { data: Data } {
  const fields = new Map<string, z.ZodType>(Object.entries(NOTIFICATION_DATA[kind].shape));
  const isLeftOut = ([name, content]: [string, unknown]) =>
    content === null && fields.get(name)?.safeParse(null).success === false;
  const entries = Object.entries({ ...exampleData(kind), ...given });
  return { data: Object.fromEntries(entries.filter((entry) => !isLeftOut(entry))) };
}

/** Validates the `data` of a kind. Unpublished fields are allowed. */
export const notificationData = (kind: NotificationKind) =>
  z.object({ data: NOTIFICATION_DATA[kind].loose() });

/** A notification of a kind, as it is sent. Unpublished fields are allowed, as in production. */
export const payloadOf = (kind: NotificationKind) =>
  z.object({ object: z.literal(kind), ...notificationData(kind).shape });

/** The published example of a kind: each field's example, else an enumeration's first value. */
export function exampleData(kind: NotificationKind): Data {
  return examplesOf(NOTIFICATION_DATA[kind]);
}

function examplesOf(schema: z.ZodObject): Data {
  const entries = Object.entries<z.ZodType>(schema.shape).map(([name, field]) => {
    const inner = field instanceof z.ZodOptional ? field.unwrap() : field;
    const [example] = (field.meta()?.["examples"] ?? []) as unknown[];
    return [name, inner instanceof z.ZodObject ? examplesOf(inner) : example] as const;
  });
  return Object.fromEntries(entries.filter(([, example]) => example !== undefined));
}

const MAX_DEPTH = 32;

/** Uses no recursion, because a body can nest 100,000 lists. */
function isShallow(content: unknown): boolean {
  let level = [content];
  for (let depth = 0; depth <= MAX_DEPTH && level.length > 0; depth += 1) {
    level = level.flatMap((each) =>
      typeof each === "object" && each !== null ? Object.values(each) : [],
    );
  }
  return level.length === 0;
}

/** A notification to trigger. `NOTIFICATION_DATA` validates its data. */
export const notificationInput = z
  .object({
    object: notificationKind,
    data: z
      .record(z.string(), z.unknown())
      .refine(isShallow, { error: `Expected at most ${MAX_DEPTH} levels of lists and objects` })
      .optional()
      .meta({
        description:
          "Fields that replace those of the published example's `data`. null removes a field, or is sent as null where the contract allows null",
        examples: [{ status: "CAPTURED", amount: 5000 }],
      }),
  })
  .meta({ id: "NotificationInput" });
