import { Hono } from "hono";
import { KEY_CACHE_SECONDS } from "../../access/key-cache.ts";
import { createFault, FAULT_NAMES, FAULTS } from "../../domain/faults.ts";
import {
  isNotificationFault,
  NOTIFICATION_FAULT_NAMES,
  NOTIFICATION_FAULTS,
} from "../../domain/notification-faults.ts";
import { toTimestamp } from "../../domain/timestamp.ts";
import type { AppEnv } from "../../http/context.ts";
import { queryWorkbench } from "../../http/dataset.ts";
import { ApiError } from "../../http/errors.ts";
import { requirePage } from "../../http/pagination.ts";
import { validate } from "../../http/validate.ts";
import { describeOperation } from "../../openapi/describe-operation.ts";
import { BODY_ERRORS } from "../../openapi/operation-errors.ts";
import { fault, faultInput, faultList, faultPath, faultQuery } from "../../schemas/faults.ts";

const tag = "Sandbox";

const NOTIFICATION_TABLE = NOTIFICATION_FAULT_NAMES.map((name) => {
  const { effect, parameters } = NOTIFICATION_FAULTS[name];
  const parameterNames = Object.keys(parameters).map((parameter) => `\`${parameter}\``);
  return `| \`${name}\` | ${effect} | ${parameterNames.join(", ")} |`;
}).join("\n");

const TABLE = FAULT_NAMES.map((name) => {
  const { executes, effect, parameters } = FAULTS[name];
  const taken = Object.entries(parameters).map(([parameter, value]) =>
    value === "required" ? `\`${parameter}\`` : `\`${parameter}\` (default ${value})`,
  );
  return `| \`${name}\` | ${executes ? "yes" : "no"} | ${effect} | ${taken.join(", ")} |`;
}).join("\n");

const DESCRIPTION = `
Injects a fault into the next matching \`/v2\` requests that use any key of the environment. The fault takes effect
before this response is sent.

| fault | executed? | the client receives | parameters |
|---|---|---|---|
${TABLE}

A request that is not executed is rejected before validation. Otherwise the fault alters the response, even if it is
an error. A response without a body can't be cut, so it is lost. If several faults match, they are tried from
oldest to newest. A fault whose \`skip\` is above 0 lowers it by one, and the next fault is tried. The first fault whose \`skip\`
is 0 applies. A fault that has applied \`times\` times is removed.

**Matching.** An ID in \`match\` is compared with the ID in the request's path, otherwise in its body, otherwise in its
query. \`order_id\` also matches the \`id\` of an order, and \`type\` the type of the event in the body. A \`DELETE\`
of an event contains only the event's ID, so no other ID in \`match\` can match it. A \`match\` that no request under \`/v2\` can fulfill is rejected.

**A single request** can carry its fault in a header: \`Sandbox-Fault: lost_response\`, or
\`Sandbox-Fault: delay;delay_ms=3000\`. It takes precedence over the environment's faults, and doesn't use them up.

**Notifications** have their own faults, which match the notification's \`object\`, \`status\`, \`transaction_id\` and
\`network_transaction_id\`. A fault applies to a notification on all webhooks that receive it: \`times\` and \`skip\` count
notifications, not deliveries. The log shows the fault of a notification.

| fault | the receiver gets | parameters |
|---|---|---|
${NOTIFICATION_TABLE}

**Several data centers.** A request that reads or writes the database sees every fault that was added before it. A
request that is rejected without the database, because of its path, method, parameters or body, may miss a fault that was added in
another data center less than ${KEY_CACHE_SECONDS} seconds ago.

**Broken connections.** \`npm start\` and the package break connections as described. \`wrangler dev\` has a proxy in
front of the Worker. If the response to a \`GET\` is lost, the proxy sends the request up to three times and then returns a 500 in
plain text, so a fault with \`times\` below 3 goes unseen. It doesn't repeat a \`POST\`, \`PUT\` or \`DELETE\`: if that response is
lost, the client gets the 500. A cut response arrives cut. On Cloudflare, a Worker can't close a connection. According to Cloudflare's
documentation, clients receive its error page 1101 for \`lost_response\`. The documentation doesn't mention cut responses, but a client
can detect them: the body is shorter than \`Content-Length\`.
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
    async (c) => {
      const added = createFault(c.req.valid("json"), {
        id: crypto.randomUUID(),
        created_at: toTimestamp(new Date()),
      });
      const decision = await queryWorkbench(c, (workbench, dataset) =>
        workbench.addFault(dataset, added),
      );
      if (!decision.ok) throw new ApiError(decision.refusal);
      // Other isolates read the flag from D1.
      if (!isNotificationFault(added.fault)) c.get("apiKey").has_faults = true;
      return c.json(decision.result, 200);
    },
  )
  .get(
    "/sandbox/faults",
    describeOperation({
      tag,
      operationId: "listFaults",
      summary: "Retrieve faults",
      description: "Returns a page of the environment's faults that can still apply, newest first.",
      responses: { 200: { description: "The faults", schema: faultList } },
      errors: ["INVALID_REQUEST_ERROR"],
    }),
    validate("query", faultQuery),
    async (c) => {
      const query = c.req.valid("query");
      const page = await queryWorkbench(c, (workbench, dataset) =>
        workbench.listFaults(dataset, query),
      );
      return c.json(requirePage(page, query.starting_after), 200);
    },
  )
  .delete(
    "/sandbox/faults/:fault_id",
    describeOperation({
      tag,
      operationId: "removeFault",
      summary: "Remove a fault",
      description: "Removes a fault. It applies to no request after this response.",
      responses: { 204: { description: "The fault is removed" } },
      errors: ["INVALID_REQUEST_ERROR", "FAULT_NOT_FOUND_ERROR"],
    }),
    validate("param", faultPath),
    async (c) => {
      const { fault_id } = c.req.valid("param");
      const existed = await queryWorkbench(c, (workbench, dataset) =>
        workbench.removeFault(dataset, fault_id),
      );
      if (!existed) throw faultNotFound(fault_id);
      return c.body(null, 204);
    },
  )
  .delete(
    "/sandbox/faults",
    describeOperation({
      tag,
      operationId: "removeFaults",
      summary: "Remove all faults",
      description: "Removes all faults. They apply to no request after this response.",
      responses: { 204: { description: "The faults are removed" } },
      errors: [],
    }),
    async (c) => {
      await queryWorkbench(c, (workbench, dataset) => workbench.removeFaults(dataset));
      return c.body(null, 204);
    },
  );

function faultNotFound(id: string): ApiError {
  return new ApiError({
    type: "FAULT_NOT_FOUND_ERROR",
    param: "fault_id",
    message: `No fault has the ID ${id}. The ID may be wrong, or the fault was removed or is used up.`,
  });
}
