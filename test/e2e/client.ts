import createClient, { type Middleware } from "openapi-fetch";
import { expectDescribed } from "../support/document.ts";
import type { paths } from "../../src/generated/openapi.d.ts";

/** Holds every answer against the OpenAPI document, as far as the types of a client don't. */
const held: Middleware = {
  async onResponse({ request, response }) {
    const { status, headers } = response;
    const text = await response.clone().text();
    expectDescribed(request.method, request.url, { status, headers, text });
  },
};

/** A client of a sandbox at this URL, made from the OpenAPI document. */
export function clientOf(baseUrl: string, key = "test_sandbox_a") {
  const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
  client.use(held);
  return client;
}

export type Client = ReturnType<typeof clientOf>;
