import { Hono } from "hono";
import { KEY_CACHE_SECONDS } from "../../access/key-cache.ts";
import type { AppEnv } from "../../http/context.ts";
import { addFault, listFaults, removeFault, removeFaults } from "../../http/stored-faults.ts";
import { requirePage } from "../../http/pagination.ts";
import { validate } from "../../http/validate.ts";
import { BODY_ERRORS, describeOperation } from "../../openapi/describe-operation.ts";
import { fault, faultInput, faultList, faultPath, faultQuery } from "../../schemas/faults.ts";

const tag = "Sandbox";

const DESCRIPTION = `
Makes something happen to requests under \`/v2\`: to the next one that matches, or to several. From the answer on,
it acts on every request that the environment's keys send.

| fault | done? | what the client gets |
|---|---|---|
| \`error\` | no | 500, with an error as ever |
| \`unavailable\` | no | 503, with \`Retry-After\` |
| \`rate_limited\` | no | 429, with \`Retry-After\` |
| \`delay\` | yes | the answer, \`delay_ms\` late |
| \`error_after_commit\` | yes | 500, with an error as ever |
| \`gateway_timeout\` | yes | 504, with the HTML page of a proxy |
| \`lost_response\` | yes | the connection closes before a byte of the answer |
| \`cut_response\` | yes | the status and the headers, half of the body, then the connection closes |

What is not done is answered before anything of the request is looked at. What is done alters whatever answer came,
a refusal too; an answer without a body can't be cut, and is lost. Of several faults, the oldest that matches acts
alone. A request that it lets through because of \`skip\` reaches the next one; only requests that reach a fault
count for its \`skip\` and its \`times\`. After the last time the fault is gone.

**Matching** looks at what the request says: its path, else its body, else its query. The \`id\` of an order is its
\`order_id\`. A \`DELETE\` of an event names the event alone.

**For one request** there is the header \`Sandbox-Fault: lost_response\`, or \`Sandbox-Fault: delay;ms=3000\`. It goes
before these faults, and uses none of them up.

**Where it is known.** A request that reads or writes the database meets every fault that was added before it. One
that doesn't, since its path, its method, a parameter or its body is refused, meets it at once in the isolate that
added it; in another one it may miss it, for up to ${KEY_CACHE_SECONDS} seconds.

**What closes the connection.** \`npm start\` and the package do it as the table has it. \`wrangler dev\` has a proxy
before the Worker: it sends a \`GET\` whose answer was lost up to three times, so that a fault with \`times\` below 3 is
not seen, and then answers 500 in plain text; it answers a lost \`POST\`, \`PUT\` or \`DELETE\` so at once. A cut answer
comes through cut. On Cloudflare no Worker closes a connection: where one gives no answer, Cloudflare's documentation
promises an error page of its own (error 1101), which is what a client gets of \`lost_response\`. Of an answer that
breaks off it says nothing; \`Content-Length\` tells that it was cut.
`.trim();

export const sandboxFaults = new Hono<AppEnv>()
  .post(
    "/sandbox/faults",
    describeOperation({
      tag,
      operationId: "addFault",
      summary: "Add a fault",
      description: DESCRIPTION,
      responses: { 200: { description: "The fault", schema: fault } },
      errors: [...BODY_ERRORS, "CONFLICT_ERROR"],
    }),
    validate("json", faultInput),
    async (c) => c.json(await addFault(c, c.req.valid("json")), 200),
  )
  .get(
    "/sandbox/faults",
    describeOperation({
      tag,
      operationId: "listFaults",
      summary: "Retrieve faults",
      description: "A page of the environment's faults that will still act, newest first.",
      responses: { 200: { description: "The faults", schema: faultList } },
      errors: ["INVALID_REQUEST_ERROR"],
    }),
    validate("query", faultQuery),
    async (c) => {
      const query = c.req.valid("query");
      return c.json(requirePage(await listFaults(c, query), query.starting_after), 200);
    },
  )
  .delete(
    "/sandbox/faults/:fault_id",
    describeOperation({
      tag,
      operationId: "removeFault",
      summary: "Remove a fault",
      description: "From the answer on, it acts on no request.",
      responses: { 204: { description: "The fault is removed" } },
      errors: ["INVALID_REQUEST_ERROR", "FAULT_NOT_FOUND_ERROR"],
    }),
    validate("param", faultPath),
    async (c) => {
      await removeFault(c, c.req.valid("param").fault_id);
      return c.body(null, 204);
    },
  )
  .delete(
    "/sandbox/faults",
    describeOperation({
      tag,
      operationId: "removeFaults",
      summary: "Remove all faults",
      description: "From the answer on, none acts on any request.",
      responses: { 204: { description: "The faults are removed" } },
      errors: [],
    }),
    async (c) => {
      await removeFaults(c);
      return c.body(null, 204);
    },
  );
