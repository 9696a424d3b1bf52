import { zValidator } from "@hono/zod-validator";
import type { MiddlewareHandler, ValidationTargets } from "hono";
import { bodyLimit } from "hono/body-limit";
import { resolver, uniqueSymbol } from "hono-openapi";
import type * as z from "zod";
import type { Violation } from "../domain/order-lines.ts";
import type { AppEnv } from "./context.ts";
import { ApiError } from "./errors.ts";

/** The largest body of a request. */
export const MAX_BODY_BYTES = 256 * 1024;

/** The most violations that one answer lists. */
const MAX_VIOLATIONS = 100;

/** How much of a value an answer repeats. */
const MAX_SHOWN_CHARACTERS = 80;

/**
 * Validates one part of a request with a zod schema, and describes it in the OpenAPI document with the
 * same schema. A violation answers 400: `param` names the first field, `details` lists them all.
 */
export function validate<Target extends keyof ValidationTargets, Schema extends z.ZodType>(
  target: Target,
  schema: Schema,
) {
  const validator = zValidator(target, schema, report, {
    // With what came, for the message; as never, since zValidator types its results by zod's internals.
    validationFunction: (_, value) => schema.safeParse(value, { reportInput: true }) as never,
  });
  return Object.assign(validator, { [uniqueSymbol]: { target, ...resolver(schema) } });
}

/** The same for headers. It asks for those of the schema only: zValidator would first copy all that came. */
export function validateHeaders<Schema extends z.ZodObject>(schema: Schema) {
  const names = Object.keys(schema.shape);
  const validator: MiddlewareHandler<
    AppEnv,
    string,
    { in: { header: z.input<Schema> }; out: { header: z.output<Schema> } }
  > = async (c, next) => {
    const sent = Object.fromEntries(names.map((name) => [name, c.req.header(name)]));
    const result = schema.safeParse(sent, { reportInput: true });
    report(result);
    c.req.addValidatedData("header", result.data!);
    return next();
  };
  return Object.assign(validator, { [uniqueSymbol]: { target: "header", ...resolver(schema) } });
}

function report(result: { success: true } | { success: false; error: z.core.$ZodError }): void {
  if (result.success) return;
  const violations = result.error.issues.slice(0, MAX_VIOLATIONS).map(toViolation);
  const { param, message } = violations[0]!;
  throw new ApiError({
    type: "INVALID_REQUEST_ERROR",
    ...(param && { param }),
    message: param ? `${param}: ${message}` : message,
    details: violations,
  });
}

/** Zod's sentence in the form that ours have: what was expected, and what came. */
function toViolation({ path, code, message, input }: z.core.$ZodIssue): Violation {
  const param = pathOf(path);
  // A rule over several fields says itself what came.
  if (code === "custom" && typeof input === "object") return { param, message };
  const expected = message.replace(/^[\w ]+: e/, "E").replace(/, received \w+$/, "");
  return { param, message: `${expected}, but received ${shown(input)}` };
}

/** A path as `order_lines[0].quantity`; Zod's own way quotes the hyphen of a header. */
function pathOf(path: PropertyKey[]): string {
  return path
    .map((key, depth) =>
      typeof key === "number" ? `[${key}]` : `${depth ? "." : ""}${String(key)}`,
    )
    .join("");
}

function shown(input: unknown): string {
  if (input === undefined) return "nothing";
  if (Array.isArray(input)) return `an array of ${input.length}`;
  if (typeof input === "object" && input !== null) return "an object";
  const text = JSON.stringify(input);
  return text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
}

/** 413 for a body that is too large, before it is read. */
export const limitBody: MiddlewareHandler<AppEnv> = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: () => {
    throw new ApiError({
      type: "PAYLOAD_TOO_LARGE_ERROR",
      message: `The body has more than ${MAX_BODY_BYTES} bytes, the most that is taken.`,
    });
  },
});

/** 415 for a body that is not declared as JSON, 400 for one that is not UTF-8; the validator parses it. */
export const requireJson: MiddlewareHandler<AppEnv> = async (c, next) => {
  const contentType = c.req.header("Content-Type");
  if (!/^application\/json\s*(;|$)/i.test(contentType ?? "")) {
    throw new ApiError({
      type: "UNSUPPORTED_MEDIA_TYPE_ERROR",
      message: `Expected Content-Type: application/json, but received ${contentType ?? "none"}.`,
    });
  }
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
    const text = decoder.decode(await c.req.arrayBuffer());
    // Hono keeps what it has read of a body as promises, whatever its type says.
    c.req.bodyCache.text = Promise.resolve(text) as never;
  } catch {
    throw new ApiError({
      type: "INVALID_REQUEST_ERROR",
      message: "The body is not valid UTF-8, the encoding of JSON (RFC 8259).",
    });
  }
  return next();
};
