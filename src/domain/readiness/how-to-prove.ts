import type { FaultName } from "../faults.ts";
import type { NotificationFaultName } from "../notification-faults.ts";
import type { Story } from "../transaction-stories.ts";
import type { CheckId } from "./checks.ts";
import { lineOf, linesOf, type Call, type Lines } from "./lines.ts";

/**
 * The step that passes a check, and lines to copy that show it. In the lines, the requests under `/v2` are the ones
 * that the client itself would send.
 */
export interface HowToProve extends Lines {
  step: string;
}

const AMOUNT = 5_000;
const HALF = AMOUNT / 2;

// Each check's lines use IDs that begin with its name, so that they depend on no other lines.

const post = (path: string, body: object): Call => ({ method: "POST", path, body });

const order = (id: string, more: object = {}): Call =>
  post("/v2/orders", {
    id,
    payment_method_id: "pm-1",
    partner_order_id: id,
    total_order_amount: AMOUNT,
    ...more,
  });

const story = (id: string, name: Story = "captured"): Call =>
  post("/sandbox/transactions", {
    story: name,
    amount: AMOUNT,
    payment_method_id: "pm-1",
    network_transaction_id: id,
  });

/** An event of the order and the card transaction with this ID. */
const event = (
  id: string,
  number: number,
  { type = "CAPTURED", amount = AMOUNT, ...more }: { type?: string; amount?: number } & object = {},
): Call =>
  post("/v2/order_events", {
    order_event_id: `${id}-${number}`,
    order_id: id,
    type,
    amount,
    network_transaction_id: id,
    ...more,
  });

const refund = (id: string, amount: number, more: object = {}): Call =>
  event(id, 2, { type: "REFUNDED", amount, ...more });

const lamps = (quantity: number) => ({
  order_lines: [{ name: "Lamp", quantity, rate: HALF, rewards_rate: 25 }],
});

const prove = (step: string, ...calls: Call[]): HowToProve => ({ step, ...linesOf(calls) });

/** A fault on the next event, and attempts to report it after these pauses in seconds. `step` says what it does. */
function fault(
  id: string,
  name: FaultName,
  step: string,
  { pauses = [0, 1], ...more }: { pauses?: number[]; times?: number; retry_after?: number } = {},
): HowToProve {
  const body = { fault: name, ...more, match: { path: "/v2/order_events" } };
  return prove(`Let the sandbox ${step}`, order(id), story(id), post("/sandbox/faults", body), {
    ...event(id, 1),
    pauses,
  });
}

const RETRY = "Your client must send the event again with the same ID, or read it by its ID.";
const WAIT = "Your client must send it again, not before Retry-After.";

/** A fault on the next notification of a capture. */
function notificationFault(
  id: string,
  name: NotificationFaultName,
  step: string,
  calls = [story(id), event(id, 1)],
): HowToProve {
  return prove(
    `Register your receiver first, with POST /sandbox/webhooks. Let the sandbox ${step} If your receiver already sends the order event for the capture, leave out the POST to /v2/order_events in this code.`,
    order(id),
    post("/sandbox/faults", { fault: name, match: { status: "CAPTURED" } }),
    ...calls,
  );
}

/** Rotates between two new keys, because SANDBOX_KEY is still needed to read the report. */
const ROTATION: Lines = {
  curl: [
    `new_key() { curl -s -X POST $SANDBOX_URL/v2/keys -H "Authorization: Bearer $1" | sed 's/.*"key": *"\\([^"]*\\)".*/\\1/'; }`,
    `FIRST_KEY=$(new_key "$SANDBOX_KEY"); SECOND_KEY=$(new_key "$FIRST_KEY")`,
    `curl $SANDBOX_URL/v2/orders -H "Authorization: Bearer $SECOND_KEY"`,
    `curl -X DELETE $SANDBOX_URL/v2/keys -H "Authorization: Bearer $FIRST_KEY"`,
    `curl $SANDBOX_URL/v2/orders -H "Authorization: Bearer $SECOND_KEY"`,
  ].join("\n"),
  library: [
    `const send = (method: string, path: string, key: string) => fetch(env.url + path, { method, headers: { Authorization: \`Bearer \${key}\` } });`,
    `const newKey = async (key: string): Promise<string> => ((await (await send("POST", "/v2/keys", key)).json()) as { key: string }).key;`,
    `const firstKey = await newKey(env.key);`,
    `const secondKey = await newKey(firstKey);`,
    `await send("GET", "/v2/orders", secondKey);`,
    `await send("DELETE", "/v2/keys", firstKey);`,
    `await send("GET", "/v2/orders", secondKey);`,
  ].join("\n"),
};

const LIST = "/v2/orders?partner_order_id=lists-followed&limit=1";

const HOW_TO_PROVE: Record<CheckId, HowToProve> = {
  repeatable_creations: prove(
    "Give each order an id and each event an order_event_id of your own, and store it before you send it.",
    order("repeatable-creations"),
  ),
  distinct_creations: prove(
    "Create two orders or events, each with an ID that you never use again.",
    order("distinct-creations-1"),
    order("distinct-creations-2"),
  ),
  lost_response: fault("lost-response", "lost_response", `lose the response to an event. ${RETRY}`),
  cut_response: fault("cut-response", "cut_response", `cut the response to an event. ${RETRY}`),
  error_after_commit: fault(
    "error-after-commit",
    "error_after_commit",
    `replace the response to an event with an error. ${RETRY}`,
  ),
  proxy_page: fault(
    "proxy-page",
    "bad_gateway",
    `replace the response to an event with a proxy's page. ${RETRY}`,
  ),
  unavailable: fault("unavailable", "unavailable", `reject an event with 503. ${WAIT}`),
  rate_limited: fault("rate-limited", "rate_limited", `reject an event with 429. ${WAIT}`),
  growing_pauses: fault(
    "growing-pauses",
    "unavailable",
    "reject an event four times with 503 and Retry-After: 0. At least one later pause of your client must be longer than the shortest one before it, by at least 10 % plus 10 ms.",
    { times: 4, retry_after: 0, pauses: [0, 0.2, 0.4, 0.8, 1.6] },
  ),
  no_blind_retries: prove(
    "Let your client send something that is refused, such as an event of an unknown order. It must not send it again unchanged.",
    event("no-blind-retries", 1),
  ),
  refund_refused: prove(
    "Turn off your client's own check of the sums, and let it refund more than was captured. It must show or handle the 409, and not send the refund again unchanged. An environment that was created to accept such refunds can't prove this.",
    order("refund-refused"),
    story("refund-refused"),
    event("refund-refused", 1),
    refund("refund-refused", AMOUNT + 1),
  ),
  several_captures: prove(
    "Ship an order in two parts: report a capture for each, within the order's total.",
    order("several-captures"),
    story("several-captures", "captured_in_two"),
    event("several-captures", 1, { amount: HALF }),
    event("several-captures", 2, { amount: HALF }),
  ),
  partial_refund: prove(
    "Capture an order, and refund a part of it.",
    order("partial-refund"),
    story("partial-refund", "partly_refunded"),
    event("partial-refund", 1),
    refund("partial-refund", HALF),
  ),
  full_refund: prove(
    "Capture an order, and refund all that was captured.",
    order("full-refund"),
    story("full-refund", "refunded"),
    event("full-refund", 1),
    refund("full-refund", AMOUNT),
  ),
  line_refund: prove(
    "Capture an order whose lines have a rewards_rate, and refund one of them with its rewards.",
    order("line-refund", lamps(2)),
    story("line-refund", "partly_refunded"),
    event("line-refund", 1, lamps(2)),
    refund("line-refund", HALF, lamps(1)),
  ),
  order_changed: prove("Replace an order after its creation.", order("order-changed"), {
    ...order("order-changed", { total_order_amount: 2 * AMOUNT }),
    method: "PUT",
    path: "/v2/orders/order-changed",
  }),
  order_cancelled: prove("Delete an order that has no events.", order("order-cancelled"), {
    method: "DELETE",
    path: "/v2/orders/order-cancelled",
  }),
  lists_followed: prove(
    "Read a list of more than one page to its end: pass the last ID as starting_after until has_more is false.",
    order("lists-followed-1", { partner_order_id: "lists-followed" }),
    order("lists-followed-2", { partner_order_id: "lists-followed" }),
    { method: "GET", path: LIST },
    { method: "GET", path: `${LIST}&starting_after=lists-followed-2` },
  ),
  known_names: prove(
    "Send only fields and parameters of the contract. The header Sandbox-Warnings lists the wrong ones; a strict environment refuses them.",
    order("known-names"),
  ),
  key_rotated: {
    step: "Give your client a key of its own: it will be deleted, and you need yours for the report. Create a second one, switch your client to it, delete the client's first one with DELETE /v2/keys, and go on.",
    ...ROTATION,
  },
  card_agrees: prove(
    "Simulate the card transaction of each capture and refund that your client reports, with the same network_transaction_id and amount.",
    order("card-agrees"),
    story("card-agrees"),
    event("card-agrees", 1),
  ),
  notification_acknowledged: prove(
    "Start your receiver with the webhook's signing_token, register its URL, and simulate a capture. It must respond with 2xx within 5 seconds. If your receiver already sends the order event for the capture, leave out the POST to /v2/order_events in this code. To receive notifications of a deployed sandbox on your machine, run `orders-sandbox listen`.",
    post("/sandbox/webhooks", {
      url: "http://localhost:3000/imprint",
      signing_token: "a-token-of-your-own",
    }),
    order("notification-acknowledged"),
    story("notification-acknowledged"),
    event("notification-acknowledged", 1),
  ),
  duplicate_notification: notificationFault(
    "duplicate-notification",
    "duplicate_notification",
    "send the notification of a capture twice. Your receiver must acknowledge both, and the capture must be reported once.",
  ),
  reordered_notification: notificationFault(
    "reordered-notification",
    "reordered_notification",
    "swap the notifications of two captures. Your receiver must acknowledge both, and both captures must be reported.",
    [
      story("reordered-notification", "captured_in_two"),
      event("reordered-notification", 1, { amount: HALF }),
      event("reordered-notification", 2, { amount: HALF }),
    ],
  ),
  invalid_signature: notificationFault(
    "invalid-signature",
    "invalid_signature",
    "sign the notification of a capture with a wrong token. Your receiver must respond with 4xx, and acknowledge a valid one.",
  ),
  stale_signature: notificationFault(
    "stale-signature",
    "stale_signature",
    "sign a notification with a timestamp that is ten minutes old. Your receiver must respond with 4xx, and acknowledge a valid one.",
  ),
  notification_redelivered: notificationFault(
    "notification-redelivered",
    "lost_notification",
    "lose the first attempt of a notification. Your receiver must acknowledge the second.",
  ),
  both_readings: {
    step: "Create an environment with the other values of `assume`, and run the same tests there. If a retry gets a 409 for your own ID, read the order or event (GET /v2/orders?id=, GET /v2/order_events?order_event_id=) and compare it. That environment accepts a refund above the captured amount, as production may. Your client must check the sums itself, and never send such a refund.",
    ...lineOf("/sandbox/environments", {
      assume: {
        duplicate_ids: "conflict",
        idempotency_key: "ignored",
        refund_beyond_captured: "accepted",
      },
    }),
  },
};

/** How to prove a check against the sandbox at this origin. */
export function howToProve(id: CheckId, origin: string): HowToProve {
  const { step, curl, library } = HOW_TO_PROVE[id];
  return { step, curl: curl.replaceAll("$SANDBOX_URL", origin), library };
}
