import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { resolver, uniqueSymbol } from "hono-openapi";
import * as z from "zod";
import { findUnknownNames, NO_NAMES, type AcceptedNames } from "../domain/unknown-names.ts";
import { MAX_WARNINGS, type Warning } from "../domain/warnings.ts";
import { acceptedNamesOf } from "../schemas/accepted-names.ts";
import { MAX_PAGE_ITEMS } from "../schemas/pages.ts";
import type { AppEnv } from "./context.ts";
import { invalidRequest } from "./errors.ts";
import type { ParsedJson } from "./json.ts";
import { readJson } from "./request-body.ts";
import { expectedSentence, MAX_VIOLATIONS, violationsOf, violationOfName } from "./violations.ts";
import { warn } from "./warnings.ts";

/** The part of a request that a schema validates: its body, query, path or headers. */
type Target = "json" | "query" | "param" | "header";

type Validator<T extends Target, Schema extends z.ZodType> = MiddlewareHandler<
  AppEnv,
  string,
  { in: Record<T, z.input<Schema>>; out: Record<T, z.output<Schema>> }
>;

/**
 * Validates one part of a request with a zod schema, which also describes that part in the OpenAPI document. Throws a
 * 400 with all violations. An unknown or duplicate name only causes a warning, as the published contract allows it. It
 * is a violation in a strict environment, and under /sandbox, which has no published contract.
 */
export function validate<T extends Target, Schema extends z.ZodType>(target: T, schema: Schema) {
  const accepted = acceptedNamesOf(schema);
  const validator: Validator<T, Schema> = async (c, next) => {
    const received = await READERS[target](c, schema);
    const result = schema.safeParse(received.content, {
      reportInput: true,
      error: expectedSentence,
    });
    const violations = result.success ? [] : violationsOf(result.error, target);
    const isStrict = c.req.path.startsWith("/sandbox/") || c.get("apiKey").is_strict;
    const names = findWrongNames(c, target, accepted, received, isStrict);
    if (isStrict) violations.unshift(...names.map(violationOfName));
    else warn(c, ...names);
    const [first, ...others] = violations.slice(0, MAX_VIOLATIONS);
    if (first || !result.success) throw invalidRequest([first!, ...others]);
    if (target === "query") warnOfReducedLimit(c, received.content as { limit?: string });
    c.req.addValidatedData(target, result.data as object);
    await next();
  };
  const described: Described = { [uniqueSymbol]: { target, ...resolver(schema) } };
  return Object.assign(validator, described);
}

/** How hono-openapi recognizes a validator. */
interface Described {
  [uniqueSymbol]: { target: Target } & ReturnType<typeof resolver>;
}

type Reader = (c: Context<AppEnv>, schema: z.ZodType) => ParsedJson | Promise<ParsedJson>;

const READERS: Record<Target, Reader> = {
  json: readJson,
  query: (c) => withoutDuplicates(queryOf(c)),
  param: (c) => withoutDuplicates(c.req.param()),
  header: (c, schema) => withoutDuplicates(headersOf(c, schema)),
};

const withoutDuplicates = (content: object): ParsedJson => ({ content, duplicates: [] });

/** The query's parameters: each a string, or a list if it was repeated. */
function queryOf(c: Context<AppEnv>): Record<string, string | string[]> {
  if (!c.req.url.includes("?")) return {};
  return Object.fromEntries(
    Object.entries(c.req.queries()).map(([name, [first, ...others]]) => [
      name,
      others.length === 0 ? first! : [first!, ...others],
    ]),
  );
}

/** The headers that a schema names. */
function headersOf(c: Context<AppEnv>, schema: z.ZodType): Record<string, string> {
  const names = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  return Object.fromEntries(
    names.flatMap((name) => {
      const content = c.req.header(name);
      return content === undefined ? [] : [[name, content]];
    }),
  );
}

/** A field or query parameter that is unknown, or a field that was sent more than once. */
type WrongName = Warning & {
  code: "unknown_field" | "unknown_parameter" | "duplicate_field";
  param: string;
};

function findWrongNames(
  c: Context<AppEnv>,
  target: Target,
  accepted: AcceptedNames,
  { content, duplicates }: ParsedJson,
  isStrict: boolean,
): WrongName[] {
  if (target === "header") return [];
  const most = isStrict ? MAX_VIOLATIONS : MAX_WARNINGS;
  const fields =
    target === "json" ? findUnknownNames("unknown_field", accepted, content, most) : [];
  const twice = duplicates.map((param) => ({ code: "duplicate_field" as const, param }));
  if (!c.req.url.includes("?")) return [...twice, ...fields];
  if (target !== "query" && validatesQuery(c)) return [...twice, ...fields];
  // A route without a validator of the query accepts no parameters.
  const [names, query] = target === "query" ? [accepted, content] : [NO_NAMES, c.req.queries()];
  return [...findUnknownNames("unknown_parameter", names, query, most), ...twice, ...fields];
}

/** Whether another validator of the route reports the unknown parameters. */
function validatesQuery(c: Context<AppEnv>): boolean {
  return matchedRoutes(c).some(
    ({ handler }) => (handler as Partial<Described>)[uniqueSymbol]?.target === "query",
  );
}

function warnOfReducedLimit(c: Context<AppEnv>, { limit }: { limit?: string }): void {
  if (Number(limit) > MAX_PAGE_ITEMS) warn(c, { code: "limit_reduced", param: "limit" });
}
