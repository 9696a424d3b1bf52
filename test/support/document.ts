import { Validator, type Schema } from "@cfworker/json-schema";
import {
  HEADERS_OF_STATUS,
  HEADERS_ON_EVERY_RESPONSE,
} from "../../src/schemas/response-headers.ts";
import committed from "../../src/generated/openapi.json" with { type: "json" };

/** A response from the Worker under test or a real server. */
interface ReceivedResponse {
  status: number;
  headers: Headers;
  text: string;
}

interface Parameter {
  name: string;
  in: string;
  schema: Schema;
  example?: unknown;
  examples?: Record<string, { value?: unknown }>;
}

/** A body by media type. */
export type Content = Record<
  string,
  { schema: Schema; example?: unknown; examples?: Record<string, unknown> }
>;

interface Response {
  headers: Record<string, unknown>;
  content?: Content;
}

export interface Operation {
  operationId: string;
  parameters?: Parameter[];
  security?: Record<string, string[]>[];
  requestBody?: { content: Content };
  responses: Record<string, Response | undefined>;
}

/** The committed document, with the types that tests need. */
export const document = committed as unknown as {
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, { post: Operation }>;
  info: { description: string };
  servers: { url: string }[];
  security: Record<string, string[]>[];
  components: {
    securitySchemes: Record<string, object>;
    headers: Record<string, { schema: Schema }>;
    schemas: Record<string, Schema>;
  };
};

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path: new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`),
    operation,
  })),
);

/** The statuses of requests that match no operation of the document. */
const WITHOUT_OPERATION = new Set([401, 404, 405]);

/** Headers that the sandbox always sends. The document makes them optional, since production lacks them. */
const ALWAYS = new Set<string | undefined>([
  ...HEADERS_ON_EVERY_RESPONSE,
  ...Object.values(HEADERS_OF_STATUS),
]);

/** The schemas of the document, changed to reject unknown fields. */
const components = JSON.parse(JSON.stringify(document.components), (_, value) =>
  value?.type === "object" && value.properties
    ? { ...value, additionalProperties: value.additionalProperties ?? false }
    : value,
);
const validators = new Map<Schema, Validator>();
const ERROR: Schema = { $ref: "#/components/schemas/Error" };

/** Standard HTTP headers, which need no description. */
const COMMON = new Set([
  "content-type",
  "content-length",
  "allow",
  "vary",
  "date",
  "transfer-encoding",
  "cache-control",
  "x-content-type-options",
  "strict-transport-security",
]);
/** Headers that a server in front of the Worker adds. */
const ADDED = /^(connection|content-encoding|keep-alive|access-control-.*|cf-.*)$/;

/** Fails if the OpenAPI document doesn't describe the response: its status, headers and body. */
export function expectDescribed(method: string, url: string, response: ReceivedResponse): void {
  const wrong = undescribed(method, new URL(url).pathname, response);
  if (wrong.length === 0) return;
  const { status, text } = response;
  throw new Error(
    `The OpenAPI document doesn't describe ${method} ${url} → ${status} ${text}:\n${wrong.join("\n")}`,
  );
}

function undescribed(
  method: string,
  path: string,
  { status, headers, text }: ReceivedResponse,
): string[] {
  const found = operations.find((each) => each.method === method && each.path.test(path));
  if (!found) return undescribedRefusal(status, headers, text);
  const response = found.operation.responses[status];
  // A fault can set any status and return a proxy's page. Its description mentions both.
  const isHtml = headers.get("Content-Type") === "text/html";
  if (headers.has("Sandbox-Fault-Applied") && (!response || isHtml)) return [];
  if (!response) return [`no status ${status}`];
  return [...undescribedHeaders(response, headers), ...undescribedBody(response, headers, text)];
}

/** A request that matches no operation must return an error. */
function undescribedRefusal(status: number, headers: Headers, text: string): string[] {
  if (!WITHOUT_OPERATION.has(status)) return ["no operation"];
  const problems = [
    ...wrongHeaders(HEADERS_ON_EVERY_RESPONSE, headers),
    ...violations(ERROR, text),
  ];
  return status === 405 && !headers.has("Allow") ? [...problems, "no Allow"] : problems;
}

function undescribedHeaders(response: Response, sent: Headers): string[] {
  const described = new Set(Object.keys(response.headers).map((name) => name.toLowerCase()));
  const unknown = [...sent.keys()].filter(
    (name) => !described.has(name) && !COMMON.has(name) && !ADDED.test(name),
  );
  return [
    ...unknown.map((name) => `header ${name} is not described`),
    ...wrongHeaders(Object.keys(response.headers), sent),
  ];
}

function wrongHeaders(names: string[], sent: Headers): string[] {
  const wrong = names.filter((name) => {
    const { schema } = document.components.headers[name]!;
    const value = sent.get(name);
    if (value === null) return ALWAYS.has(name);
    const typed = schema.type === "integer" ? Number(value) : value;
    return !validatorOf(schema).validate(typed).valid;
  });
  return wrong.map((name) => `header ${name} is ${sent.get(name) ?? "missing"}`);
}

function undescribedBody({ content }: Response, sent: Headers, text: string): string[] {
  if (!content) return text === "" ? [] : ["a body, but none is described"];
  const [mediaType = ""] = (sent.get("Content-Type") ?? "").split(";");
  const described = content[mediaType];
  if (!described) return [`not ${Object.keys(content).join()}`];
  // The body of a stream was not read.
  if (mediaType !== "application/json") return [];
  const { schema, examples } = described;
  const body = JSON.parse(text);
  const type = body.error?.type ?? body.type;
  const isOtherType = examples && !(type in examples);
  return [...violations(schema, text), ...(isOtherType ? [`${type} is not described`] : [])];
}

/** Cached, since creating a validator takes far longer than using it. */
function validatorOf(schema: Schema): Validator {
  const validator = validators.get(schema) ?? new Validator({ ...schema, components });
  validators.set(schema, validator);
  return validator;
}

function violations(schema: Schema, text: string): string[] {
  const { errors } = validatorOf(schema).validate(JSON.parse(text));
  return errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
}
