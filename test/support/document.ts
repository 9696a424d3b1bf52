import { Validator, type Schema } from "@cfworker/json-schema";
import committed from "../openapi.json" with { type: "json" };

/** An answer, wherever it came from. */
interface Answered {
  status: number;
  headers: Headers;
  text: string;
}

interface Parameter {
  name: string;
  schema: Schema;
  examples?: object;
}

export interface Content {
  "application/json": { schema: Schema; example?: unknown; examples?: Record<string, unknown> };
}

interface Response {
  headers: Record<string, unknown>;
  content?: Content;
}

export interface Operation {
  operationId: string;
  parameters: Parameter[];
  requestBody?: { content: Content };
  responses: Record<string, Response | undefined>;
}

/** The document that is committed, as far as tests look into it. */
export const document = committed as unknown as {
  paths: Record<string, Record<string, Operation>>;
  components: {
    headers: Record<string, { required?: boolean; schema: Schema }>;
  };
};

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path: new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`),
    operation,
  })),
);

/** How a request is refused that is for no operation, and so not in the document. */
const WITHOUT_OPERATION = new Set([401, 404, 405]);

/** The schemas of the document, which allow what they don't name, as ones that don't. */
const components = JSON.parse(JSON.stringify(document.components), (_, value) =>
  value?.type === "object" && value.properties ? { ...value, additionalProperties: false } : value,
);
const validators = new Map<unknown, Validator>();

/** Fails where an answer is not what the OpenAPI document says of its operation: status, headers, fields, all of them. */
export function expectDescribed(method: string, url: string, answer: Answered): void {
  const wrong = undescribed(method, new URL(url).pathname, answer);
  if (wrong.length === 0) return;
  const { status, text } = answer;
  throw new Error(
    `The OpenAPI document doesn't describe ${method} ${url} → ${status} ${text}:\n${wrong.join("\n")}`,
  );
}

function undescribed(method: string, path: string, { status, headers: sent, text }: Answered) {
  const found = operations.find((each) => each.method === method && each.path.test(path));
  if (!found) return WITHOUT_OPERATION.has(status) ? [] : ["no operation"];
  const response = found.operation.responses[status];
  if (!response) return [`no status ${status}`];
  return [...undescribedHeaders(response, sent), ...undescribedBody(response, sent, text)];
}

function undescribedHeaders(response: Response, sent: Headers): string[] {
  return Object.entries(document.components.headers).flatMap(([name, header]) => {
    if (sent.has(name)) return name in response.headers ? [] : [`header ${name} is not described`];
    return name in response.headers && header?.required ? [`header ${name} is missing`] : [];
  });
}

function undescribedBody({ content }: Response, sent: Headers, text: string): string[] {
  if (!content) return text === "" ? [] : ["a body, where none is described"];
  const { schema, examples } = content["application/json"];
  if (!/^application\/json\b/.test(sent.get("Content-Type") ?? "")) return ["not JSON"];
  const validator = validators.get(schema) ?? new Validator({ ...schema, components });
  validators.set(schema, validator);
  const body = JSON.parse(text);
  const { errors } = validator.validate(body);
  const isOtherType = examples && !(body.error?.type in examples);
  return [
    ...errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`),
    ...(isOtherType ? [`${body.error?.type} is not described`] : []),
  ];
}
