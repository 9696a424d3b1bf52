import { zValidator } from "@hono/zod-validator";
import type { Context, Next, ValidationTargets } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { resolver, uniqueSymbol } from "hono-openapi";
import type * as z from "zod";
import {
  findUnknownNames,
  NO_NAMES,
  type AcceptedNames,
  type UnknownName,
} from "../domain/unknown-names.ts";
import { MAX_WARNINGS } from "../domain/warnings.ts";
import { acceptedNamesOf } from "../schemas/accepted-names.ts";
import { MAX_PAGE_ITEMS } from "../schemas/pages.ts";
import type { AppEnv } from "./context.ts";
import { ApiError, invalidRequest } from "./errors.ts";
import { MAX_VIOLATIONS, sentenceFor, violationOf, violationsOf } from "./violations.ts";
import { collectsWarnings, warn } from "./warnings.ts";

/** The largest body of a request. */
export const MAX_BODY_BYTES = 256 * 1024;

/**
 * Validates one part of a request with a zod schema: the body (`json`), the query, the path (`param`) or
 * the headers. It describes the part in the OpenAPI document with the same schema. A violation answers
 * 400: `param` names the first field, `violations` lists them all. A body answers 413 and 415 as well.
 * Unknown fields and parameters are told, and refused under /sandbox and in a strict environment.
 */
export function validate<
  Target extends keyof Pick<ValidationTargets, "json" | "query" | "param" | "header">,
  Schema extends z.ZodType,
>(target: Target, schema: Schema) {
  const known = acceptedNamesOf(schema);
  const report = (result: Result, c: Context<AppEnv>): void => {
    const violations = result.success ? [] : violationsOf(result.error);
    // What is ours alone has no contract that allows them, and what is misspelt would do more than was meant.
    const isOurs = c.req.path.startsWith("/sandbox/");
    if (collectsWarnings(c) || isOurs) {
      const isStrict = isOurs || c.get("apiKey").is_strict;
      const most = isStrict ? MAX_VIOLATIONS : MAX_WARNINGS;
      const unknown = unknownNamesIn(c, target, known, result.received, most);
      if (isStrict) violations.unshift(...unknown.map(violationOf));
      else warn(c, ...unknown);
      if (target === "query" && result.success) tellReducedLimit(c, result.received);
    }
    const [first, ...others] = violations.slice(0, MAX_VIOLATIONS);
    if (first) throw invalidRequest([first, ...others]);
  };
  const validator = zValidator(target, schema, report as never, {
    // With what came, for the message and the names; as never, since zValidator types its results by zod's internals.
    validationFunction: (_, received) =>
      ({
        ...schema.safeParse(received, { reportInput: true, error: sentenceFor }),
        received,
      }) as never,
  });
  const handler = (target === "json" ? readingJson(validator) : validator) as typeof validator;
  return Object.assign(handler, { [uniqueSymbol]: { target, ...resolver(schema) } });
}

/** What zod says, and of what. */
type Result = ({ success: true } | { success: false; error: z.core.$ZodError }) & {
  received: unknown;
};

/** The names in a part of a request, and in its query, that mean nothing. */
function unknownNamesIn(
  c: Context<AppEnv>,
  target: keyof ValidationTargets,
  known: AcceptedNames,
  received: unknown,
  most: number,
): UnknownName[] {
  if (target === "header") return [];
  const fields = target === "json" ? findUnknownNames("unknown_field", known, received, most) : [];
  if (!c.req.url.includes("?")) return fields;
  // Without a query that is validated, there is no parameter.
  const [parameters, query] = target === "query" ? [known, received] : [NO_NAMES, c.req.queries()];
  return [...findUnknownNames("unknown_parameter", parameters, query, most), ...fields];
}

function tellReducedLimit(c: Context<AppEnv>, received: unknown): void {
  const { limit } = received as { limit?: string };
  if (Number(limit) > MAX_PAGE_ITEMS) warn(c, { code: "limit_reduced", param: "limit" });
}

type Middleware = (c: Context<AppEnv>, next: Next) => Promise<Response | void>;

/** Sees to it that the body is what the validator takes for granted: not too large, declared as JSON, and JSON. */
function readingJson(validator: unknown): Middleware {
  const validateJson: Middleware = async (c, next) => {
    requireContentType(c.req.header("Content-Type"));
    requireUtf8(await c.req.arrayBuffer());
    try {
      return await (validator as Middleware)(c, next);
    } catch (error) {
      // The validator's own, for JSON that is malformed: it doesn't say where.
      if (error instanceof HTTPException) throw whyMalformed(await c.req.text());
      throw error;
    }
  };
  return (c, next) => limitBody(c, () => validateJson(c, next) as Promise<void>);
}

const limitBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: () => {
    throw new ApiError({
      type: "PAYLOAD_TOO_LARGE_ERROR",
      message: `The body has more than ${MAX_BODY_BYTES} bytes, the most that is taken.`,
    });
  },
});

function requireContentType(contentType: string | undefined): void {
  if (/^application\/json\s*(;|$)/i.test(contentType ?? "")) return;
  throw new ApiError({
    type: "UNSUPPORTED_MEDIA_TYPE_ERROR",
    message: `Expected Content-Type: application/json, but received ${contentType ?? "none"}.`,
  });
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** What isn't UTF-8 would else be stored with replacement characters. */
function requireUtf8(body: ArrayBuffer): void {
  try {
    utf8.decode(body);
  } catch {
    throw new ApiError({
      type: "INVALID_REQUEST_ERROR",
      message: "The body is not valid UTF-8, the encoding of JSON (RFC 8259).",
    });
  }
}

function whyMalformed(text: string): ApiError {
  let why = "";
  try {
    JSON.parse(text);
  } catch (error) {
    why = `: ${(error as Error).message}`;
  }
  return new ApiError({
    type: "INVALID_REQUEST_ERROR",
    message: `The body is not valid JSON${why}.`,
  });
}
