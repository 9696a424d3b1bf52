import type { Hono } from "hono";
import { generateSpecs, type DescribeRouteOptions } from "hono-openapi";
import { components, examples } from "../http/describe.ts";
import type { AppEnv } from "../http/context.ts";

const options: Parameters<typeof generateSpecs>[1] = {
  defaultValidationErrorResponse: false,
  documentation: {
    info: {
      title: "Orders Sandbox",
      version: "2.0",
      summary: "An Imprint-compatible orders API to build and test an integration against",
      description:
        "Report orders and what happens to them, captures and refunds, as to Imprint's v2 API. The sandbox keeps state, applies the rules, and explains each refusal. What is under `/v2` is in production too; what is under `/sandbox` is not.",
      license: { name: "Proprietary", identifier: "LicenseRef-Proprietary" },
    },
    servers: [{ url: "/", description: "This sandbox" }],
    tags: [
      { name: "Orders", description: "What a customer ordered, and is expected to pay" },
      { name: "Order Events", description: "What happened to an order: captures and refunds" },
      { name: "Keys", description: "The API keys of a partner" },
      { name: "Sandbox", description: "For whoever runs a sandbox: its partners" },
    ],
    security: [{ apiKey: [] }, { apiKeyAsUser: [] }],
    components: {
      ...components,
      securitySchemes: {
        apiKey: { type: "http", scheme: "bearer", description: "The API key of a partner" },
        apiKeyAsUser: {
          type: "http",
          scheme: "basic",
          description: "The API key as user name, and an empty password",
        },
        adminToken: { type: "http", scheme: "bearer", description: "The sandbox's ADMIN_TOKEN" },
      },
    },
  },
};

/** Serves the OpenAPI 3.1 document of all routes that are described, made from the schemas that validate. */
export function serveOpenApi(app: Hono<AppEnv>): void {
  let document: ReturnType<typeof documentOf> | undefined;
  app.get("/openapi.json", async (c) => c.json(await (document ??= documentOf(app))));
}

async function documentOf(app: Hono<AppEnv>) {
  const document = await generateSpecs(app, options);
  for (const path of Object.values(document.paths)) {
    for (const operation of [path?.get, path?.post, path?.put, path?.delete]) {
      const { operationId = "", requestBody, parameters = [] } = operation ?? {};
      // A validator describes its body without an example.
      if (requestBody && "content" in requestBody) {
        requestBody.content["application/json"]!.example = examples[operationId]?.["request"];
      }
      parameters.forEach(leaveOut);
    }
  }
  return document;
}

type Parameter = NonNullable<DescribeRouteOptions["parameters"]>[number];

/** The reference fills in each example that it finds: what is optional is to be left out until it is wanted. */
function leaveOut(parameter: Parameter): void {
  if ("$ref" in parameter || parameter.required || !parameter.schema) return;
  const { examples: [value] = [], ...schema } = parameter.schema as { examples?: unknown[] };
  parameter.schema = schema;
  const example = { value, "x-disabled": true };
  parameter.examples = { example };
}
