import type { Hono } from "hono";
import { openAPIRouteHandler } from "hono-openapi";
import type { AppEnv } from "../http/context.ts";

/** `/openapi.json`: the document of all routes that are described, made from the schemas that validate. */
export function serveOpenApi(app: Hono<AppEnv>): void {
  app.get(
    "/openapi.json",
    openAPIRouteHandler(app, {
      defaultValidationErrorResponse: false,
      documentation: {
        info: {
          title: "Orders Sandbox",
          version: "2.0",
          description: "An Imprint-compatible orders API to build and test an integration against.",
        },
        security: [{ bearerAuth: [] }, { basicAuth: [] }],
        components: {
          securitySchemes: {
            bearerAuth: { type: "http", scheme: "bearer", description: "The API key" },
            basicAuth: {
              type: "http",
              scheme: "basic",
              description: "The API key as user name, and an empty password",
            },
          },
        },
      },
    }),
  );
}
