import { Hono } from "hono";
import { curlOf } from "../../domain/curl.ts";
import { MAX_RECORDED_REQUESTS, REQUEST_DAYS } from "../../domain/requests.ts";
import type { AppEnv } from "../../http/context.ts";
import { ApiError } from "../../http/errors.ts";
import { requirePage } from "../../http/pagination.ts";
import { recordPending } from "../../http/recording/record.ts";
import { respondWithStream, STREAM_LIMITS, watcherOf } from "../../http/streams.ts";
import { validate } from "../../http/validate.ts";
import { queryWorkbench } from "../../http/dataset.ts";
import { describeOperation } from "../../openapi/describe-operation.ts";
import {
  eventStream,
  requestCounts,
  requestDetails,
  requestFilter,
  requestList,
  requestPath,
  requestQuery,
  streamHeaders,
} from "../../schemas/requests.ts";

const tag = "Sandbox";

export const sandboxRequests = new Hono<AppEnv>()
  .get(
    "/sandbox/requests",
    describeOperation({
      tag,
      operationId: "listRequests",
      summary: "Retrieve requests",
      description: `Returns a page of the requests to \`/v2\` with a valid key of the environment, newest first, including rejected ones. A request must match all filters. It is listed within a second of its response, and is stored for ${REQUEST_DAYS} days. An environment stores its last ${MAX_RECORDED_REQUESTS} requests, or fewer if they are long.`,
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
    "/sandbox/requests/summary",
    describeOperation({
      tag,
      operationId: "countRequests",
      summary: "Count requests",
      description:
        "Counts the requests that match all filters, by status class, method, error and warning.",
      responses: { 200: { description: "The counts", schema: requestCounts } },
      errors: ["INVALID_REQUEST_ERROR"],
    }),
    validate("query", requestFilter),
    async (c) => {
      await recordPending(c);
      const counts = await queryWorkbench(c, (workbench, dataset) =>
        workbench.countRequests(dataset, c.req.valid("query")),
      );
      return c.json(counts, 200);
    },
  )
  .get(
    "/sandbox/requests/stream",
    describeOperation({
      tag,
      operationId: "streamRequests",
      summary: "Watch requests",
      description: `Streams the requests that match all filters as server-sent events, as they happen. \`curl -N\` shows them. ${STREAM_LIMITS}`,
      responses: {
        200: { description: "The stream", schema: eventStream, mediaType: "text/event-stream" },
      },
      errors: ["INVALID_REQUEST_ERROR", "CONFLICT_ERROR"],
    }),
    validate("header", streamHeaders),
    validate("query", requestFilter),
    async (c) => {
      const after = c.req.valid("header")["Last-Event-ID"];
      const watcher = { ...watcherOf(c, after), filter: c.req.valid("query") };
      const stream = await queryWorkbench(c, (workbench, dataset) =>
        workbench.watch(dataset, watcher),
      );
      return respondWithStream(c, stream);
    },
  )
  .get(
    "/sandbox/requests/:id",
    describeOperation({
      tag,
      operationId: "getRequest",
      summary: "Retrieve a request",
      description:
        "Returns a request with its response, and a curl command that repeats it. Keys are masked.",
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
      const { is_exact: _, ...request } = found;
      const curl = curlOf(found.method, found, new URL(c.req.url).origin);
      return c.json({ ...request, curl }, 200);
    },
  );

function unknownRequest(id: string): ApiError {
  return new ApiError({
    type: "REQUEST_NOT_FOUND_ERROR",
    param: "id",
    message: `No recorded request has the ID ${id}.`,
  });
}
