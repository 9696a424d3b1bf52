import { IDEMPOTENCY_KEY_HOURS } from "../domain/idempotency.ts";
import { MAX_PAGE_BYTES } from "../domain/stored-bytes.ts";
import { DELIVERY_TIMEOUT_MILLISECONDS, MAX_SHOWN_ATTEMPTS } from "../domain/notifications.ts";
import { REQUEST_DAYS } from "../domain/requests.ts";
import { MAX_BODY_BYTES } from "../http/request-body.ts";
import { ERROR_TYPES } from "../schemas/errors.ts";
import { MAX_ID_CHARACTERS, MAX_TEXT_CHARACTERS, MAX_URL_CHARACTERS } from "../schemas/fields.ts";
import { ORDER_EVENT_MEANINGS } from "../schemas/order-events.ts";
import { MAX_LINES } from "../schemas/order-lines.ts";
import { MAX_ADDRESSES } from "../schemas/orders.ts";
import { responseHeaders } from "../schemas/response-headers.ts";

const listOfEventTypes = Object.entries(ORDER_EVENT_MEANINGS)
  .map(([type, meaning]) => `- \`${type}\`: ${meaning}`)
  .join("\n");

// Scalar derives each anchor from the heading's words, and creates none for a heading in backticks.
const listOfErrors = Object.entries(ERROR_TYPES)
  .map(([type, { status, meaning, remedy }]) => {
    const heading = type.charAt(0) + type.slice(1).toLowerCase().replaceAll("_", " ");
    return `### ${heading}\n\n\`${type}\`, ${status}: ${meaning} ${remedy}`;
  })
  .join("\n\n");

const addedHeaders = Object.keys(responseHeaders)
  .map((name) => `\`${name}\``)
  .join(", ");

/** The introduction of the reference, in Markdown. */
export const INTRODUCTION = `
Orders Sandbox is a stateful implementation of Imprint's v2 orders API. Create orders, report their events, and test
how your integration handles every response, including failures.

## First call

Send an API key with each request: \`Authorization: Bearer <key>\`. A sandbox on your laptop has two partners with the keys \`test_sandbox_a\` and
\`test_sandbox_b\`. For a deployed sandbox, get a key from its operator.

1. \`POST /v2/orders\` creates an order.
2. \`POST /v2/order_events\` reports an event of the order, such as a capture.
3. \`GET /v2/order_events?order_id=…\` returns the events of the order.

[The console](/console) can send these requests for you. It shows each request and what it changed.

## What an order allows

An order has no status. The sums of its events decide which changes are allowed, separately for the amount and the rewards:

${listOfEventTypes}
- **Delete an event**: allowed while the remaining captures cover the refunds. Otherwise, the response is a 409.
- **Delete an order**: allowed if it has no events. Otherwise, the response is a 409.
- **Replace an order**: always allowed, except that the currency can't change once there are events.

Of these rules, the published contract has only those about captures. The other rules are decisions of the sandbox, and production may differ.

Amounts are integers in the currency's minor unit, such as cents for USD. If an order or event has lines, they
must add up, both to its amount and to its rewards. Lines aren't compared across events: a refund may name a line that was
never captured.

## Retries

A \`POST\` of an order or event is safe to retry if it has an ID (\`id\`, \`order_event_id\` or \`partner_event_id\`)
or an \`Idempotency-Key\`. Repeating the same content returns the first result, with \`Idempotent-Replayed: true\`.
The same ID with different content is a 409, and the same key with a different request is a 422. The sandbox
remembers a key for ${IDEMPOTENCY_KEY_HOURS} hours.

After a 500, 502, 503, 504 or a lost connection, a client can't know whether the request took effect. Send it again
unchanged, and wait longer before each further attempt. After a 429 or 503, wait at least for \`Retry-After\`. A 408
was not executed: send it again, too.

A retry can find that the first attempt took effect. A \`DELETE\` then returns 404: the item is deleted. A \`PUT\` with
\`If-Match\` returns 412. Production may return 409 for a repeated ID. After a 412 or 409, read the item with
\`GET /v2/orders?id=\` or \`GET /v2/order_events?order_event_id=\`. If it has your content, the request succeeded.

This document describes \`Idempotency-Key\` and \`If-Match\` in prose only. If they were parameters, tools that import the
document would send them with sample values.

## Concurrent updates

The response with a single order has an \`ETag\`. If a \`PUT\` or \`DELETE\` sends it as \`If-Match\`, the request is
executed only if neither the order nor its events have changed. Otherwise, the response is a 412. A \`PUT\` sets
\`updated_at\`; events don't.

## Lists

Lists are sorted by creation, newest first. To get the next page, pass the ID of the last item as \`starting_after\`
while \`has_more\` is true. If that item has been deleted, start again from the first page. \`total\` counts the
matching items on all pages.

## Errors

\`message\` says what was expected and what was received. \`param\` names the invalid field, and
\`violations\` lists every invalid field of a 400. \`details\` has the figures behind a decision, and
\`doc_url\` links to the error type in this list.

${listOfErrors}

## Warnings

Some mistakes are valid requests: production ignores a misspelled optional field, and so does the sandbox. The
header \`Sandbox-Warnings\` reports them:
\`unknown_field;param="reward_amount";did_you_mean="rewards_amount"\`.

## Test failures

- **Faults** inject failures into matching requests: a lost response, a delay, a proxy's error page. Add them with
  \`POST /sandbox/faults\`, or send \`Sandbox-Fault\` with a single request.
- **Request IDs**: send your own as \`X-Request-Id\`. The response and the log repeat it.
- **Recorded requests** show what your integration sent and received, for ${REQUEST_DAYS} days. The timeline of an order shows
  what each request changed.
- **Environments** isolate tests from each other. Each API key belongs to one. Create more
  environments for a test or a pull request. Reset an environment to remove its data.
- **Readiness**: \`GET /sandbox/readiness\` reports what the integration has proven, check by check, with its evidence and
  how to prove the rest. \`orders-sandbox readiness\` does so in a pipeline.
- **Assumptions**: where the published contract is silent, production may decide otherwise than the sandbox. An
  environment's \`assume\` chooses a behavior, so that a client can be tested with each.

[The console](/console) shows all of this in a browser. Its own requests send \`Sandbox-Console: true\`: they are
not recorded, and faults don't apply to them.

## Notifications

Production reports card transactions to a partner in signed \`POST\` requests. So does the sandbox: add a webhook with
\`POST /sandbox/webhooks\`, and each simulated transaction event sends a \`TRANSACTION\` notification.
\`POST /sandbox/notifications\` sends any of the seven kinds. The section "Webhooks" has their payloads.

A notification names no order. Find the order by \`network_transaction_id\`, which your payment processor also returns, or
by \`payment_method_id\`. If the notification has no \`network_transaction_id\`, \`GET /v2/transactions/{transaction_id}\` has it.

- **Verify the signature** over the raw body: \`X-IMPRINT-HMAC-SIGNATURE: t=<time>,s=<hex>\` is an HMAC-SHA256 over
  \`<t>.<body>\`. Refuse a time more than five minutes old. \`POST /sandbox/notifications/verify\` explains why a
  signature doesn't match.
- **Respond with 2xx** within ${DELIVERY_TIMEOUT_MILLISECONDS / 1_000} seconds. After any other response, or none, it is sent again, by default for seven hours. The readiness check accepts only a 2xx within 5 seconds.
- **Expect duplicates, and notifications out of sequence.** If a refund arrives before its capture, report it after the
  capture. Faults duplicate, reorder, delay and lose notifications, or sign them wrongly.
- **The log** at \`GET /sandbox/notifications\` has each payload with its attempts and their responses.
  \`POST /sandbox/notifications/{notification_id}/resend\` sends it again.

## Limits

These limits are the sandbox's own:

- A body: ${MAX_BODY_BYTES / 1_024} KiB. A page of a list: ${MAX_PAGE_BYTES / 1_000} KB; it ends early if it would be longer.
- A timeline: its newest entries, up to ${MAX_PAGE_BYTES / 1_000} KB. A notification: its newest attempts, up to ${MAX_PAGE_BYTES / 1_000} KB and ${MAX_SHOWN_ATTEMPTS} attempts.
- Lines of an order or event: ${MAX_LINES.toLocaleString("en")}. Addresses of an order: ${MAX_ADDRESSES}.
- An ID, reference or \`Idempotency-Key\`: ${MAX_ID_CHARACTERS} characters. Any other text: ${MAX_TEXT_CHARACTERS.toLocaleString("en")}. A URL: ${MAX_URL_CHARACTERS.toLocaleString("en")}.
- An ID of an order or event, and an \`Idempotency-Key\`: only visible ASCII characters.
- An amount, and the captured sum of an order: 2^53 − 1.
- A deployed sandbox accepts 1,000 requests in 10 seconds from each partner at each Cloudflare location. It deletes an
  order that has not changed for 90 days.

## Differences from production

Production lacks everything that is marked "Not in production": the operations under \`/sandbox\`, the request
headers \`Idempotency-Key\`, \`If-Match\`, \`X-Request-Id\` and \`Sandbox-Fault\`, the response headers
${addedHeaders}, pagination of the list of orders, and \`violations\`, \`details\`, \`doc_url\` and \`request_id\` of errors. All of
it is optional in this document, so a client generated from it also works with production.
`.trim();
