import { Hono } from "hono";
import { curlOf } from "../../domain/curl.ts";
import { MAX_RECORDED_REQUESTS, REQUEST_DAYS } from "../../domain/requests.ts";
import type { AppEnv } from "../../http/context.ts";
import { ApiError } from "../../http/errors.ts";
import { requirePage } from "../../http/pagination.ts";
import { recordPending } from "../../http/recording/record.ts";
import { validate } from "../../http/validate.ts";
import { queryWorkbench } from "../../http/dataset.ts";
import { describeOperation } from "../../openapi/describe-operation.ts";
import {
  eventStream,
  requestDetails,
  requestList,
  requestPath,
  requestQuery,
  streamHeaders,
  streamQuery,
} from "../../schemas/requests.ts";
import { MAX_STREAMS } from "../../workbench/streams.ts";

const tag = "Sandbox";

export const sandboxRequests = new Hono<AppEnv>()
  .get(
    "/sandbox/requests",
    describeOperation({
      tag,
      operationId: "listRequests",
      summary: "Retrieve requests",
      description: `A page of the requests to \`/v2\` that came with a valid key of the environment, newest first, refused ones too. Filters combine. A request is there within a second of its answer, and for ${REQUEST_DAYS} days, while it is one of the last ${MAX_RECORDED_REQUESTS}.`,
      responses: { 200: { description: "The requests", schema: requestList } },
      errors: ["INVALID_REQUEST_ERROR"],
    }),
    validate("query", requestQuery),
    async (c) => {
      const { limit, starting_after, ...filter } = c.req.valid("query");
      await recordPending(c);
      const page = await queryWorkbench(c, (workbench, dataset) =>
        workbench.listRequests(dataset, filter, { limit, starting_after }),
      );
      const { data, has_more, total } = requirePage(page, starting_after);
      return c.json({ data, has_more, total }, 200);
    },
  )
  .get(
    "/sandbox/requests/stream",
    describeOperation({
      tag,
      operationId: "streamRequests",
      summary: "Watch requests",
      description: `The same requests as server-sent events, as they happen: \`curl -N\` shows them. At most ${MAX_STREAMS} streams of an environment are open at a time. A stream ends when its key is revoked, the environment expires, or it is reset.`,
      responses: {
        200: { description: "The stream", schema: eventStream, mediaType: "text/event-stream" },
      },
      errors: ["INVALID_REQUEST_ERROR", "CONFLICT_ERROR"],
    }),
    validate("header", streamHeaders),
    validate("query", streamQuery),
    async (c) => {
      const { id: key_id, expires_at } = c.get("apiKey");
      const after = c.req.valid("header")["Last-Event-ID"];
      const watcher = { key_id, expires_at, filter: c.req.valid("query"), after };
      const stream = await queryWorkbench(c, (workbench, dataset) =>
        workbench.watch(dataset, watcher),
      );
      if (!stream) throw tooManyStreams();
      return c.body(stream, 200, { "Content-Type": "text/event-stream" });
    },
  )
  .get(
    "/sandbox/requests/:id",
    describeOperation({
      tag,
      operationId: "getRequest",
      summary: "Retrieve a request",
      description:
        "All that was kept of a request, with what was answered, and a command that sends it again. No key is in it.",
      responses: { 200: { description: "The request", schema: requestDetails } },
      errors: ["INVALID_REQUEST_ERROR", "REQUEST_NOT_FOUND_ERROR"],
    }),
    validate("param", requestPath),
    async (c) => {
      const { id } = c.req.valid("param");
      const found = await queryWorkbench(c, (workbench, dataset) =>
        workbench.findRequest(dataset, id),
      );
      if (!found) throw unknownRequest(id);
      return c.json({ ...found, curl: curlOf(found.method, found) }, 200);
    },
  );

function unknownRequest(id: string): ApiError {
  return new ApiError({
    type: "REQUEST_NOT_FOUND_ERROR",
    param: "id",
    message: `There is no recorded request ${id}.`,
  });
}

function tooManyStreams(): ApiError {
  return new ApiError({
    type: "CONFLICT_ERROR",
    message: `There are ${MAX_STREAMS} streams of this environment, the most that can be open: close one first.`,
    details: { limit: MAX_STREAMS },
  });
}
