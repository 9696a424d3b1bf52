import { ASSUMPTION_NAMES, ASSUMPTIONS } from "../domain/assumptions.ts";
import { FAULT_NAMES, FAULTS } from "../domain/faults.ts";
import { NOTIFICATION_FAULT_NAMES } from "../domain/notification-faults.ts";
import { CHECK_IDS, descriptionOf } from "../domain/readiness/checks.ts";
import { REFUSAL_LIST } from "../domain/readiness/refusal-checks.ts";
import { DELIVERY_TIMEOUT_MILLISECONDS, SIGNATURE_HEADER } from "../domain/notifications.ts";
import { FINDINGS } from "../domain/reconciliation.ts";
import { STORIES } from "../domain/transaction-stories.ts";
import { WARNINGS } from "../domain/warnings.ts";
import { DEFAULT_RETRY_AFTER_SECONDS } from "../domain/webhooks.ts";
import { ERROR_TYPES } from "../schemas/errors.ts";

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ");

const faults = FAULT_NAMES.map((name) => {
  const { executes, effect } = FAULTS[name];
  return `- \`${name}\` (${executes ? "executed" : "not executed"}): ${effect}`;
}).join("\n");

const errors = Object.entries(ERROR_TYPES)
  .map(([type, { status, remedy }]) => `- ${status} \`${type}\`: ${remedy}`)
  .join("\n");

const checks = CHECK_IDS.map((id) => {
  const needsAll = id === "both_readings" ? " (only with `environments=all`)" : "";
  return `- \`${id}\`: ${descriptionOf(id).title}${needsAll}`;
}).join("\n");

const assumptions = ASSUMPTION_NAMES.map(
  (name) => `\`${name}\` (${ASSUMPTIONS[name].join(" or ")})`,
).join(", ");

/** How to send a body to this sandbox. */
const post = (origin: string, path: string, body: string): string =>
  `curl ${origin}${path} -H "Authorization: Bearer $SANDBOX_KEY" -H "Content-Type: application/json" \\\n  -d '${body}'`;
const get = (origin: string, path: string): string =>
  `curl "${origin}${path}" -H "Authorization: Bearer $SANDBOX_KEY"`;

/**
 * The guide for coding agents, in Markdown: `/llms.txt` of a sandbox, and `AGENTS.md` of the package. Its lists come
 * from the same sources as the reference.
 */
export const guide = (origin: string): string => `# Orders Sandbox

> A stateful sandbox of the orders part of Imprint's v2 partner API. It enforces the rules under retries and races,
> explains each refusal, injects failures, compares orders with simulated card transactions, and reports whether an
> integration is ready for production.

- Reference: ${origin}/docs, for programs ${origin}/openapi.json. Console: ${origin}/console
- \`/v2\` is what Imprint publishes. Everything else is the sandbox's own: production lacks it.
- Amounts are integers in the minor unit, such as cents.

## Start

This needs Node 22 or newer, and stores data in memory. For a deployed sandbox, run only the first line, with its key.

\`\`\`sh
export SANDBOX_KEY=test_sandbox_a
npx --yes orders-sandbox --quiet &
curl --silent --fail --retry 60 --retry-delay 1 --retry-connrefused ${origin}/health
\`\`\`

Create an environment for each test. The response has its \`key\`: use it as \`SANDBOX_KEY\` below. In a test runner, use
the library instead.

\`\`\`sh
${post(origin, "/sandbox/environments", '{"name": "test-1"}')}
\`\`\`

\`\`\`ts
import { createSandbox } from "orders-sandbox";
const sandbox = await createSandbox();
const env = await sandbox.environment(); // env.url and env.key are for your client
await env.faults.add({ fault: "lost_response", match: { path: "/v2/order_events" } });
// … let your client report an event …
await env.faults.assertUsed();
await env.delete();
await sandbox.close();
\`\`\`

## The loop

1. The card captures or refunds money: simulate it. Stories: ${code(STORIES)}.
2. Your integration creates an order, and reports an event for each capture and refund, with the transaction's
   \`network_transaction_id\`. Choose each ID yourself and store it before you send it.
3. Your receiver gets a signed notification of each event on the card, sometimes twice, late or out of order.
   \`POST /sandbox/webhooks\` with its \`url\` registers it.
4. The order events must agree with the card.

\`\`\`sh
${post(origin, "/sandbox/transactions", '{"story": "captured", "amount": 5000, "payment_method_id": "pm-1", "network_transaction_id": "txn-1"}')}
${post(origin, "/v2/orders", '{"id": "order-1", "payment_method_id": "pm-1", "partner_order_id": "po-1", "total_order_amount": 5000}')}
${post(origin, "/v2/order_events", '{"order_event_id": "event-1", "order_id": "order-1", "type": "CAPTURED", "amount": 5000, "network_transaction_id": "txn-1"}')}
${get(origin, "/sandbox/orders/order-1/reconciliation")}
\`\`\`

\`GET /sandbox/reconciliation\` lists all findings: ${code(FINDINGS)}.

## Notifications

- Header \`${SIGNATURE_HEADER}: t=<milliseconds>,s=<hex>\`: \`s\` is the HMAC-SHA256 of \`<t>.<raw body>\`. The key is the
  webhook's \`signing_token\` as text, given to or returned by \`POST /sandbox/webhooks\`. Refuse a wrong signature or a \`t\` older than
  5 minutes with 4xx. \`POST /sandbox/notifications/verify\` explains a mismatch.
- Body: \`{"object": "TRANSACTION", "data": {"event_id", "status", "amount", "network_transaction_id", …}}\`. It has no order
  ID: look it up by \`network_transaction_id\`. Handle each \`event_id\` once, and only \`CAPTURED\` and \`REFUNDED\`: others, such as
  \`APPROVED\`, arrive too. \`amount\` is this event's, not the transaction's sum.
- Respond with 2xx within 5 seconds, as readiness requires; after ${DELIVERY_TIMEOUT_MILLISECONDS / 1_000}, the attempt fails. The next follows after the webhook's
  \`retry_after_seconds\`, by default ${DEFAULT_RETRY_AFTER_SECONDS.join(", ")}. \`GET /sandbox/notifications\` lists all notifications.

## Rules

- Refunds of an order may not exceed its captures, separately for amount and rewards.
- An order with events can't be deleted: refund it.
- Lines must add up, both to the amount and to the rewards: \`"order_lines":
  [{"name": "Lamp", "quantity": 2, "rate": 2500, "rewards_rate": 25}]\`. Send \`rewards_amount\` with captures, and its refunded part with refunds.
- After a lost connection, a 500, 502, 503 or 504, send the same request again with the same ID or
  \`Idempotency-Key\`: it takes effect once. If the retry gets a 409 for your own ID, read it with \`GET /v2/orders?id=\` or
  \`GET /v2/order_events?order_event_id=\`, and compare. After 429 or 503, wait for \`Retry-After\`, and longer each time.
- Never repeat a ${REFUSAL_LIST} unchanged.
- Follow lists with \`starting_after\` (the last ID) until \`has_more\` is false.
- Rotate a key: \`POST /v2/keys\`, use the new one, then authenticate \`DELETE /v2/keys\` with the old one to delete it.

## Faults

\`POST /sandbox/faults\` with \`fault\`, \`match\` (method, path, IDs, event type), \`times\`, \`skip\` and, for delays, \`delay_ms\`;
for one request the header \`Sandbox-Fault: lost_response\`.

${faults}

Notification faults, whose \`match\` takes \`status\` and \`network_transaction_id\`: ${code(NOTIFICATION_FAULT_NAMES)}.

\`\`\`sh
${post(origin, "/sandbox/faults", '{"fault": "lost_response", "match": {"path": "/v2/order_events"}}')}
\`\`\`

## Read a refusal

\`{"error": {"type", "message", "param", "details", "violations", "request_id"}}\`: \`message\` says what was expected and
received, \`param\` names the field, \`violations\` lists every invalid field of a 400, and \`details\` has the figures of a 409.

${errors}

The header \`Sandbox-Warnings\` names probable mistakes in accepted requests: ${code(WARNINGS)}.

Every request is recorded with its response. List the newest, or only the refused ones:

\`\`\`sh
npx --yes orders-sandbox requests --url ${origin} --json
${get(origin, "/sandbox/requests?status=4xx")}
\`\`\`

## Prove readiness

Each check is \`passed\`, \`failed\` or \`not_seen\`, with its reason, its evidence, and \`how_to_prove\`: the step, with example
commands and code. Let your own client send the requests to \`/v2\`. Go on until \`ready\` is true.

\`\`\`sh
${get(origin, "/sandbox/readiness")}
npx --yes orders-sandbox readiness --url ${origin} --format json --require card_agrees
\`\`\`

Exit status 1 means that a required check has not passed; without \`--require\`, all are required.
\`--environments all\` (\`?environments=all\`, \`sandbox.readiness({ environments: "all" })\`) includes environments
that tests created and deleted. A failure counts for 7 days: to start over, pass the time of a new run as \`--since\`
(\`?since=\`). If you send wrong requests that no check asks for, use another partner's key: \`test_sandbox_b\`.

${checks}

Where the contract is silent, \`POST /sandbox/environments\` with \`assume\` chooses: ${assumptions}. Prove your
client under each.
`;
