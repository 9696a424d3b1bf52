import createClient, { type Middleware } from "openapi-fetch";
import { expectDescribed } from "../support/document.ts";
import type { paths } from "../../src/generated/openapi.d.ts";

/** Checks every response against the OpenAPI document where the client's types don't. */
const validation: Middleware = {
  async onResponse({ request, response }) {
    const { status, headers } = response;
    const text = await response.clone().text();
    expectDescribed(request.method, request.url, { status, headers, text });
  },
};

/** Creates a client of the sandbox at this URL, typed by the OpenAPI document. */
export function clientOf(baseUrl: string, key = "test_sandbox_a") {
  const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
  client.use(validation);
  return client;
}

export type Client = ReturnType<typeof clientOf>;
