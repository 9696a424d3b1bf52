import type { FaultName } from "../faults.ts";
import type { NotificationFaultName } from "../notification-faults.ts";
import type { CheckId } from "./checks.ts";

/** The step that passes a check, and a line to copy that prepares or performs it. */
export interface HowToProve {
  step: string;
  curl: string;
  library: string;
}

const post = (path: string, body: string): string =>
  `curl $SANDBOX_URL${path} -H "Authorization: Bearer $SANDBOX_KEY" -H "Content-Type: application/json" -d '${body}'`;
const send = (method: string, path: string): string =>
  `curl -X ${method} "$SANDBOX_URL${path}" -H "Authorization: Bearer $SANDBOX_KEY"`;

/** Sets a fault on the next events that the client posts. */
function fault(name: FaultName, step: string, times = 1): HowToProve {
  const parameters = times === 1 ? "" : `, "times": ${times}`;
  const options = times === 1 ? "" : `, times: ${times}`;
  return {
    step,
    curl: post(
      "/sandbox/faults",
      `{"fault": "${name}"${parameters}, "match": {"path": "/v2/order_events"}}`,
    ),
    library: `await env.faults.add({ fault: "${name}"${options}, match: { path: "/v2/order_events" } });`,
  };
}

const RETRY = "then let your client report an event. It must send it again with the same ID.";
const WAIT =
  "then let your client report an event. It must wait for Retry-After before it sends it again.";

/** Sets a fault on the next notification of a capture. */
function notificationFault(name: NotificationFaultName, step: string): HowToProve {
  return {
    step: `${step} Then simulate a capture: a webhook must be registered.`,
    curl: post("/sandbox/faults", `{"fault": "${name}", "match": {"status": "CAPTURED"}}`),
    library: `await env.faults.add({ fault: "${name}", match: { status: "CAPTURED" } });`,
  };
}

/** A request under /v2, as the client would send it. */
function call(
  method: "POST" | "PUT" | "GET" | "DELETE",
  path: string,
  step: string,
  body = "",
): HowToProve {
  const isWrite = body !== "";
  const url = `$SANDBOX_URL${path}`;
  return {
    step,
    curl: isWrite ? `${post(path, body)}${method === "PUT" ? " -X PUT" : ""}` : send(method, path),
    library: isWrite
      ? `await fetch(\`${url.replace("$SANDBOX_URL", "${env.url}")}\`, { method: "${method}", headers: { Authorization: \`Bearer \${env.key}\`, "Content-Type": "application/json" }, body: JSON.stringify(${body}) });`
      : `await fetch(\`${url.replace("$SANDBOX_URL", "${env.url}")}\`, { method: "${method}", headers: { Authorization: \`Bearer \${env.key}\` } });`,
  };
}

const event = (type: "CAPTURED" | "REFUNDED", id: string, amount: number, more = ""): string =>
  `{"order_event_id": "${id}", "order_id": "order-1", "type": "${type}", "amount": ${amount}, "network_transaction_id": "txn-1"${more}}`;

const ORDER = `{"id": "order-1", "payment_method_id": "pm-1", "partner_order_id": "po-1", "total_order_amount": 5000}`;
const LINE = `, "order_lines": [{"name": "Lamp", "quantity": 1, "rate": 2500, "rewards_rate": 25}]`;

const HOW_TO_PROVE: Record<CheckId, HowToProve> = {
  repeatable_creations: call(
    "POST",
    "/v2/orders",
    "Give each order an id and each event an order_event_id of your own, stored before you send it.",
    ORDER,
  ),
  distinct_creations: call(
    "POST",
    "/v2/order_events",
    "Create an order and an event, each with an ID that you never use again.",
    event("CAPTURED", "event-1", 2500),
  ),
  lost_response: fault("lost_response", `Lose a response, ${RETRY}`),
  cut_response: fault("cut_response", `Cut a response, ${RETRY}`),
  error_after_commit: fault("error_after_commit", `Replace a response with an error, ${RETRY}`),
  proxy_page: fault("bad_gateway", `Replace a response with a proxy's page, ${RETRY}`),
  unavailable: fault("unavailable", `Reject a request with 503, ${WAIT}`),
  rate_limited: fault("rate_limited", `Reject a request with 429, ${WAIT}`),
  growing_pauses: fault(
    "unavailable",
    "Reject three requests with 503, then let your client report an event. Each pause must be longer than the first.",
    3,
  ),
  no_blind_retries: call(
    "POST",
    "/v2/order_events",
    "Let your client send something that is refused, such as an event of an unknown order. It must not repeat it unchanged.",
    event("CAPTURED", "event-9", 100).replace("order-1", "no-such-order"),
  ),
  refund_refused: call(
    "POST",
    "/v2/order_events",
    "Let your client refund more than was captured. It must show or handle the 409, and not repeat it.",
    event("REFUNDED", "event-8", 999_999),
  ),
  several_captures: call(
    "POST",
    "/v2/order_events",
    "Ship an order in two parts: report a second capture of the same order.",
    event("CAPTURED", "event-2", 2500),
  ),
  partial_refund: call(
    "POST",
    "/v2/order_events",
    "Refund less than was captured.",
    event("REFUNDED", "event-3", 1000),
  ),
  full_refund: call(
    "POST",
    "/v2/order_events",
    "Refund the rest of the captured amount.",
    event("REFUNDED", "event-4", 4000),
  ),
  line_refund: call(
    "POST",
    "/v2/order_events",
    "Capture an order with rewards, and refund one of its lines with rewards_rate.",
    event("REFUNDED", "event-5", 2500, LINE),
  ),
  order_changed: call("PUT", "/v2/orders/order-1", "Replace an order after its creation.", ORDER),
  order_cancelled: call("DELETE", "/v2/orders/order-1", "Delete an order without events."),
  lists_followed: call(
    "GET",
    "/v2/orders?limit=1",
    "With two orders, read the list page by page: pass the last ID as starting_after until has_more is false.",
  ),
  known_names: call(
    "POST",
    "/v2/orders",
    "Send only fields and parameters of the contract. Sandbox-Warnings names the wrong ones; a strict environment refuses them.",
    ORDER,
  ),
  key_rotated: call(
    "POST",
    "/v2/keys",
    "Create a second key, switch your client to it, then send DELETE /v2/keys with the first one, and go on.",
  ),
  card_agrees: {
    step: "Simulate the card transaction of each capture and refund that your client reports.",
    curl: post(
      "/sandbox/transactions",
      `{"story": "captured", "amount": 5000, "payment_method_id": "pm-1", "network_transaction_id": "txn-1"}`,
    ),
    library: `await env.transactions.story({ story: "captured", amount: 5000, payment_method_id: "pm-1", network_transaction_id: "txn-1" });`,
  },
  notification_acknowledged: {
    step: "Register your receiver, and simulate a capture. The receiver must respond with 2xx within 5 seconds.",
    curl: post("/sandbox/webhooks", `{"url": "http://localhost:3000/imprint"}`),
    library: `await env.webhooks.add({ url: "http://localhost:3000/imprint" });`,
  },
  duplicate_notification: notificationFault(
    "duplicate_notification",
    "Send a notification twice. Your receiver must acknowledge both, and report one order event.",
  ),
  reordered_notification: notificationFault(
    "reordered_notification",
    "Let two notifications change places. Your receiver must acknowledge both, and report both transactions.",
  ),
  invalid_signature: notificationFault(
    "invalid_signature",
    "Sign a notification with a wrong token. Your receiver must respond with 4xx.",
  ),
  stale_signature: notificationFault(
    "stale_signature",
    "Sign a notification ten minutes ago. Your receiver must respond with 4xx.",
  ),
  notification_redelivered: notificationFault(
    "lost_notification",
    "Lose the first attempt of a notification. Your receiver must acknowledge the second.",
  ),
  both_readings: {
    step: "Run the same tests in an environment with the other values of assume.",
    curl: post(
      "/sandbox/environments",
      `{"assume": {"duplicate_ids": "conflict", "idempotency_key": "ignored", "refund_beyond_captured": "accepted"}}`,
    ),
    library: `const env = await sandbox.environment({ assume: { duplicate_ids: "conflict", idempotency_key: "ignored", refund_beyond_captured: "accepted" } });`,
  },
};

/** How to prove a check against the sandbox at this origin. */
export function howToProve(id: CheckId, origin: string): HowToProve {
  const { step, curl, library } = HOW_TO_PROVE[id];
  return { step, curl: curl.replace("$SANDBOX_URL", origin), library };
}
