import type { Hono } from "hono";
import { generateSpecs, type DescribeRouteOptions } from "hono-openapi";
import type { AppEnv } from "../http/context.ts";
import { responseHeaders } from "../schemas/response-headers.ts";
import { operationExamples, sharedExamples } from "./examples.ts";
import { INTRODUCTION } from "./introduction.ts";

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
    servers: [{ url: "/", description: "This sandbox" }],
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
          "Tools for testing that production lacks: environments, faults, recorded requests, timelines, keys and health; for the operator, partners",
      },
    ],
    security: [{ apiKey: [] }, { apiKeyAsUser: [] }],
    components: {
      headers: responseHeaders,
      examples: sharedExamples,
      securitySchemes: {
        apiKey: {
          type: "http",
          scheme: "bearer",
          description: "A partner's API key. With `npm start`: `test_sandbox_a`",
        },
        apiKeyAsUser: {
          type: "http",
          scheme: "basic",
          description: "A partner's API key as the user name, with an empty password",
        },
        adminToken: { type: "http", scheme: "bearer", description: "The operator's `ADMIN_TOKEN`" },
      },
    },
  },
};

/** Serves the OpenAPI 3.1 document of all described routes, generated from the schemas that validate. */
export function serveOpenApi(app: Hono<AppEnv>): void {
  let document: Awaited<ReturnType<typeof generateDocument>> | undefined;
  // Not the promise: a rejected one would be remembered.
  app.get("/openapi.json", async (c) => c.json((document ??= await generateDocument(app))));
}

async function generateDocument(app: Hono<AppEnv>) {
  const document = await generateSpecs(app, options);
  for (const path of Object.values(document.paths)) {
    for (const operation of [path?.get, path?.post, path?.put, path?.delete]) {
      const { operationId = "", requestBody, parameters = [] } = operation ?? {};
      // A validator describes its body without an example.
      if (requestBody && "content" in requestBody) {
        requestBody.content["application/json"]!.example =
          operationExamples[operationId]?.["request"];
      }
      parameters.forEach(disableExample);
    }
  }
  return document;
}

type Parameter = NonNullable<DescribeRouteOptions["parameters"]>[number];

/** Keeps the reference from filling in an optional parameter with its example. */
function disableExample(parameter: Parameter): void {
  if ("$ref" in parameter || parameter.required || !parameter.schema) return;
  const { examples: [value] = [], ...schema } = parameter.schema as { examples?: unknown[] };
  parameter.schema = schema;
  const example = { value, "x-disabled": true };
  parameter.examples = { example };
}
