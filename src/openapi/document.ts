import type { Hono } from "hono";
import { generateSpecs, type DescribeRouteOptions } from "hono-openapi";
import type { AppEnv } from "../http/context.ts";
import { responseHeaders } from "../schemas/response-headers.ts";
import { operationExamples, sharedExamples } from "./examples.ts";
import { INTRODUCTION } from "./introduction.ts";
import { payloadSchemas, webhooks } from "./notifications.ts";
import { CACHE_CONTROL, ORIGIN, withOrigin } from "./origin.ts";

const options: Parameters<typeof generateSpecs>[1] = {
  defaultValidationErrorResponse: false,
  documentation: {
    info: {
      title: "Orders Sandbox",
      version: "2.0",
      summary: "An Imprint-compatible orders API to build and test an integration against",
      description: INTRODUCTION,
      license: { name: "Proprietary", identifier: "LicenseRef-Proprietary" },
    },
    tags: [
      { name: "Orders", description: "What a customer ordered and is expected to pay" },
      {
        name: "Order Events",
        description: "What happened to an order, such as captures and refunds",
      },
      { name: "Transactions", description: "Simulated card transactions" },
      { name: "Keys", description: "API keys of the environment" },
      {
        name: "Sandbox",
        description:
          "The sandbox's own tools: environments, faults, webhooks and notifications, recorded requests, timelines, keys and health, and the operator's list of partners",
      },
    ],
    // Basic isn't declared: if partners had two schemes, some client generators would use the first and some the last.
    security: [{ apiKey: [] }],
    components: {
      headers: responseHeaders,
      examples: sharedExamples,
      securitySchemes: {
        apiKey: {
          type: "http",
          scheme: "bearer",
          description:
            "A partner's API key. With `npm start`: `test_sandbox_a`. Basic authentication with the key as the user name and an empty password also works",
        },
        adminToken: { type: "http", scheme: "bearer", description: "The operator's `ADMIN_TOKEN`" },
      },
    },
  },
};

/**
 * Serves the OpenAPI 3.1 document of all described routes, from the schemas that validate requests. Each
 * isolate generates the text once, and inserts the origin for each response, so that a flood of requests costs little.
 */
export function serveOpenApi(app: Hono<AppEnv>): void {
  let text: ((origin: string) => string) | undefined;
  // Caches the text and not its promise, so that a failure is retried.
  app.get("/openapi.json", async (c) => {
    text ??= withOrigin(JSON.stringify(await generateDocument(app)));
    c.header("Content-Type", "application/json");
    c.header("Cache-Control", CACHE_CONTROL);
    return c.body(text(new URL(c.req.url).origin));
  });
}

async function generateDocument(app: Hono<AppEnv>) {
  const document = await generateSpecs(app, options);
  for (const path of Object.values(document.paths)) {
    for (const operation of [path?.get, path?.post, path?.put, path?.patch, path?.delete]) {
      const { operationId = "", requestBody, parameters = [] } = operation ?? {};
      // A validator describes its body without an example.
      if (requestBody && "content" in requestBody) {
        requestBody.content["application/json"]!.example =
          operationExamples[operationId]?.["request"];
      }
      if (!operation?.parameters) continue;
      operation.parameters = parameters.filter(isInUrl).map(withExample);
    }
  }
  const { openapi, info, paths, components, ...rest } = document;
  const { schemas, ...others } = components;
  return {
    openapi,
    info,
    // Absolute, because importers can't resolve a relative URL.
    servers: [{ url: ORIGIN, description: "This sandbox" }],
    ...rest,
    paths: withoutPatterns(paths),
    webhooks,
    components: { ...others, schemas: withoutPatterns({ ...schemas, ...payloadSchemas() }) },
  };
}

/** Removes each `pattern`: importers fill in made-up text that matches it. */
function withoutPatterns<T extends object>(document: T): T {
  return JSON.parse(JSON.stringify(document), (key, value) =>
    key === "pattern" && typeof value === "string" ? undefined : value,
  );
}

type Parameter = Exclude<NonNullable<DescribeRouteOptions["parameters"]>[number], { $ref: string }>;

/** The document describes request headers in prose only (see schemas/request-headers.ts). */
function isInUrl(parameter: object): parameter is Parameter {
  return "in" in parameter && parameter.in !== "header";
}

/** Moves the example from the schema to the parameter, where importers look for it. */
function withExample({ schema, ...parameter }: Parameter): Parameter {
  const { examples: [value] = [], ...rest } = schema as { examples?: unknown[] };
  if (parameter.required) return { ...parameter, schema: rest, example: value };
  // With `x-disabled`, /docs doesn't fill in an optional parameter.
  const example = { value, "x-disabled": true };
  return { ...parameter, schema: rest, examples: { example } };
}
