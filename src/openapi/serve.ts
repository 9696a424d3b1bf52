import type { Hono } from "hono";
import { generateSpecs, type DescribeRouteOptions } from "hono-openapi";
import { components, examples } from "./describe-operation.ts";
import type { AppEnv } from "../http/context.ts";

/** What holds for all operations: the introduction of the reference, in Markdown. */
const DESCRIPTION = `
Report orders and what happens to them, captures and refunds, as to Imprint's v2 API. The sandbox keeps
state, applies the rules, and explains each refusal.

**A walkthrough.** Report an order with \`POST /v2/orders\`, what is captured of it with \`POST /v2/order_events\` of
the type \`CAPTURED\`, and what comes back with the type \`REFUNDED\`. [The console](/console) makes these calls with
one button, and shows what became of them: each request, and the order's ledger after each step.

**States.** An order has none of its own: what was captured and refunded is what its events add up to, for the
amount and for the rewards.

| you want to      | it is done if                                                                     | else            |
| ---------------- | --------------------------------------------------------------------------------- | --------------- |
| capture          | always; more than was ordered is told in a warning                                |                 |
| refund           | so much is captured and not refunded yet, of the amount and of the rewards         | 409 and figures |
| delete a capture | what is left still covers the refunds                                             | 409 and figures |
| delete an order  | it has no events                                                                  | 409             |
| replace an order | always, but the currency stays once there are events                              | 409             |

Where the published contract is silent, as on all of these but the capture, the sandbox decided, and production may
decide otherwise.

**Keys.** Send \`Authorization: Bearer <key>\`, or Basic with the key as user name and no password. On a laptop
there are \`test_sandbox_a\` and \`test_sandbox_b\`, two partners that can't see each other; elsewhere, whoever
runs the sandbox has a key for you.

**Amounts** are integers in the minor unit, cents for USD. Where there are lines, they add up to the amount
and to the rewards.

**Retries.** The same \`id\`, \`order_event_id\` or \`partner_event_id\` with the same content is answered with
the order or event that there is. With other content it is a 409. An \`Idempotency-Key\` makes a \`POST\` of an
order or event safe to repeat: for 24 hours the same key gets the same answer. A repeated answer has
\`Idempotent-Replayed: true\`. After a 503 the request may have taken effect or not: send the same again.

**Versions.** A single order comes with an \`ETag\`. \`PUT\` and \`DELETE\` with \`If-Match: "3"\` answer 412 if the
order or its events have changed since. \`updated_at\` is set by a \`PUT\`, not by events.

**Pages.** Lists come newest first. The next page is \`starting_after=\` the id of the last item of this one,
while \`has_more\`; if that item is deleted meanwhile, start over. \`total\` counts what matches, on all pages.

**Limits** of the sandbox's own: 256 KiB for a body, 250 KB for a page, which ends early, 1,000 lines for an order
or event, 100 addresses for an order, 255 characters for an id, reference or \`Idempotency-Key\` (visible ASCII, if
you choose it), 1,000 for a text, 2,048 for a URL, 2^53 − 1 for an amount and for what an order has captured. 200
requests can wait for one order. A deployed sandbox takes 1,000 requests of a partner in 10 seconds and location,
and deletes an order that nothing happened to for 90 days.

**Faults and proofs.** Each key belongs to an environment, which can be reset, and more of which can be made. A fault
has the next requests meet what a network does: a lost answer, a late one, a proxy's page. The requests that came
are kept for 7 days, and an order's timeline says what they did.

**Errors** name the field at fault in \`param\`, say what was expected and what came in \`message\`, and give all
violations, or the figures of the decision, in \`details\`.

**Warnings.** Unknown fields and parameters are ignored, and whatever else is allowed but seldom meant is done.
\`Sandbox-Warnings\` tells of it: \`unknown_field;param="reward_amount";did_you_mean="rewards_amount"\`.

**The console**, at [/console](/console), shows all this in a browser. It sends \`Sandbox-Console: true\` with its own
reads of \`/v2\`, which are then neither recorded nor altered by a fault.

**Production** lacks what is marked "Not in production": what is under \`/sandbox\`, \`Idempotency-Key\`, \`ETag\`
with \`If-Match\`, \`X-Request-Id\`, \`Server-Timing\`, headers that begin with \`Sandbox-\`, the pages of orders, and
\`details\` and \`request_id\` of errors. This document makes all of it optional, so that a client generated from it works there too.
`.trim();

const options: Parameters<typeof generateSpecs>[1] = {
  defaultValidationErrorResponse: false,
  documentation: {
    info: {
      title: "Orders Sandbox",
      version: "2.0",
      summary: "An Imprint-compatible orders API to build and test an integration against",
      description: DESCRIPTION,
      license: { name: "Proprietary", identifier: "LicenseRef-Proprietary" },
    },
    servers: [{ url: "/", description: "This sandbox" }],
    tags: [
      { name: "Orders", description: "What a customer ordered, and is expected to pay" },
      { name: "Order Events", description: "What happened to an order: captures and refunds" },
      { name: "Keys", description: "The API keys of a partner" },
      {
        name: "Sandbox",
        description:
          "What production lacks: environments, faults, the requests that came, what happened to an order, your keys, the health, and for the operator the partners",
      },
    ],
    security: [{ apiKey: [] }, { apiKeyAsUser: [] }],
    components: {
      ...components,
      securitySchemes: {
        apiKey: {
          type: "http",
          scheme: "bearer",
          description: "The API key of a partner; started with `npm start`: test_sandbox_a",
        },
        apiKeyAsUser: {
          type: "http",
          scheme: "basic",
          description: "The API key as user name, and an empty password",
        },
        adminToken: { type: "http", scheme: "bearer", description: "The sandbox's ADMIN_TOKEN" },
      },
    },
  },
};

/** Serves the OpenAPI 3.1 document of all routes that are described, made from the schemas that validate. */
export function serveOpenApi(app: Hono<AppEnv>): void {
  let document: ReturnType<typeof documentOf> | undefined;
  app.get("/openapi.json", async (c) => c.json(await (document ??= documentOf(app))));
}

async function documentOf(app: Hono<AppEnv>) {
  const document = await generateSpecs(app, options);
  for (const path of Object.values(document.paths)) {
    for (const operation of [path?.get, path?.post, path?.put, path?.delete]) {
      const { operationId = "", requestBody, parameters = [] } = operation ?? {};
      // A validator describes its body without an example.
      if (requestBody && "content" in requestBody) {
        requestBody.content["application/json"]!.example = examples[operationId]?.["request"];
      }
      parameters.forEach(leaveOut);
    }
  }
  return document;
}

type Parameter = NonNullable<DescribeRouteOptions["parameters"]>[number];

/** The reference fills in each example that it finds: what is optional is to be left out until it is wanted. */
function leaveOut(parameter: Parameter): void {
  if ("$ref" in parameter || parameter.required || !parameter.schema) return;
  const { examples: [value] = [], ...schema } = parameter.schema as { examples?: unknown[] };
  parameter.schema = schema;
  const example = { value, "x-disabled": true };
  parameter.examples = { example };
}
