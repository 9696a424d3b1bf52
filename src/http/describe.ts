import { resolver } from "hono-openapi";
import type * as z from "zod";
import { errorEnvelope } from "../schemas/errors.ts";
import { STATUS, type ErrorType } from "./errors.ts";

const envelope = { "application/json": { schema: resolver(errorEnvelope) } };

/** What can go wrong on every route with a key. */
const EVERYWHERE: ErrorType[] = [
  "AUTHENTICATION_ERROR",
  "RATE_LIMIT_ERROR",
  "INTERNAL_ERROR",
  "SERVICE_UNAVAILABLE_ERROR",
];

/** What can go wrong with a body. */
export const BODY_ERRORS: ErrorType[] = [
  "INVALID_REQUEST_ERROR",
  "PAYLOAD_TOO_LARGE_ERROR",
  "UNSUPPORTED_MEDIA_TYPE_ERROR",
];

/** The response of a route that is its result. */
export function okResponse(description: string, schema: z.ZodType) {
  return { 200: { description, content: { "application/json": { schema: resolver(schema) } } } };
}

/** The responses of a route that are errors, for its OpenAPI description: by status, in the envelope. */
export function errorResponses(...types: ErrorType[]) {
  const byStatus = Map.groupBy([...types, ...EVERYWHERE], (type) => STATUS[type]);
  return Object.fromEntries(
    [...byStatus].map(([status, named]) => [
      String(status),
      { description: named.map((type) => `\`${type}\``).join(", "), content: envelope },
    ]),
  );
}
