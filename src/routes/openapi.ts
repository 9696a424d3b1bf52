import type { Hono } from "hono";
import { generateSpecs } from "hono-openapi";
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
      license: { name: "Unlicensed", identifier: "LicenseRef-Unlicensed" },
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
  // A validator describes its body without an example.
  for (const operation of Object.values(document.paths).flatMap((path) => [
    path?.post,
    path?.put,
  ])) {
    const { operationId = "", requestBody } = operation ?? {};
    if (requestBody && "content" in requestBody) {
      requestBody.content["application/json"]!.example = examples[operationId]?.["request"];
    }
  }
  return document;
}
