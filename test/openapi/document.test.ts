import { Validator } from "@cfworker/json-schema";
import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { app } from "../../src/app.ts";
import { NOTIFICATION_KINDS } from "../../src/domain/webhooks.ts";
import { ERROR_TYPES } from "../../src/schemas/errors.ts";
import { responseHeaders } from "../../src/schemas/response-headers.ts";
import { document, type Content, type Operation } from "../support/document.ts";

/** Routes for people and tools, which are not operations of the API. */
const PAGES = [
  "GET /",
  "GET /console/*",
  "GET /console/console.css",
  "GET /console/console.js",
  "GET /docs",
  "GET /docs/scalar.js",
  "GET /llms.txt",
  "GET /openapi.json",
];

it("is the committed document: `npm run openapi` writes it", async () => {
  const response = await exports.default.fetch("http://localhost:8787/openapi.json");
  const file = `${JSON.stringify(await response.json(), null, 2)}\n`;
  await expect(file).toMatchFileSnapshot("../../src/generated/openapi.json");
});

it("describes exactly the routes of the API", () => {
  const described = Object.entries<object>(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const routed = app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/, "{$1}")}`);
  expect([...described, ...PAGES].toSorted()).toEqual([...new Set(routed)].toSorted());
});

it("has an example for every header, body and response", () => {
  const { paths, components } = document;
  const without = Object.values(paths)
    .flatMap(Object.values<Operation>)
    .flatMap(({ operationId, requestBody, responses }) => [
      ...(requestBody && !hasExample(requestBody.content) ? [`${operationId} request`] : []),
      ...Object.entries(responses)
        .filter(([, response]) => response?.content && !hasExample(response.content))
        .map(([status]) => `${operationId} ${status}`),
    ]);
  expect(without).toEqual([]);
  for (const { schema } of Object.values(components.headers)) {
    expect(schema.examples ?? schema.enum).toHaveLength(1);
  }
});

it("describes every error type on an operation, except 405", () => {
  const described = Object.values(document.paths)
    .flatMap(Object.values<Operation>)
    .flatMap(({ responses }) => Object.values(responses))
    .map((response) => response?.content?.["application/json"]?.examples);
  const undescribed = Object.keys(ERROR_TYPES).filter(
    (type) => !described.some((examples) => examples && type in examples),
  );
  expect(undescribed).toEqual(["METHOD_NOT_ALLOWED_ERROR"]);
});

const hasExample = (content: Content) =>
  Object.values(content).every(
    ({ example, examples }) => example !== undefined || Object.keys(examples ?? {}).length > 0,
  );

const operations = Object.values(document.paths).flatMap(Object.values<Operation>);

describe("an imported document", () => {
  it("has no header parameters, since importers send them and each changes the response", () => {
    const headers = operations
      .flatMap(({ parameters = [] }) => parameters)
      .filter((parameter) => parameter.in === "header");
    expect(headers).toEqual([]);
  });

  it("has an example with a value for every parameter", () => {
    const without = operations.flatMap(({ operationId, parameters = [] }) =>
      parameters
        .filter(({ example, examples }) => (example ?? examples?.["example"]?.value) === undefined)
        .map(({ name }) => `${operationId} ${name}`),
    );
    expect(without).toEqual([]);
  });

  it("repeats the example of each ID, so that the imported requests belong together", () => {
    const requests = operations.map(({ requestBody }) => requestBody?.content["application/json"]);
    const ids = requests.map((content) => (content?.example as { order_id?: string })?.order_id);
    const paths = operations
      .flatMap(({ parameters = [] }) => parameters)
      .filter(({ name, in: place }) => name === "order_id" && place === "path")
      .map(({ example }) => example);
    const used = [...ids.filter((id) => id !== undefined), ...paths];
    expect(used.length).toBeGreaterThan(3);
    expect(new Set(used)).toEqual(new Set(["order-1"]));
  });

  it("has no patterns, since importers invent text for them", () => {
    const { paths, components } = document;
    const text = JSON.stringify([paths, components.schemas]);
    expect([...text.matchAll(/"pattern":"[^"]*"/g)].map(([pattern]) => pattern)).toEqual([]);
  });

  it("has the server's own absolute URL", async () => {
    const response = await exports.default.fetch("https://orders.example/openapi.json");
    expect(response.headers.get("Cache-Control")).toBe("public, max-age=60");
    const { servers } = await response.json<{ servers: { url: string }[] }>();
    expect(servers.map(({ url }) => url)).toEqual(["https://orders.example"]);
    expect(document.servers.map(({ url }) => url)).toEqual(["http://localhost:8787"]);
  });

  it("has one authentication scheme, Bearer", () => {
    const { securitySchemes } = document.components;
    const used = [document.security, ...operations.map(({ security }) => security)];
    for (const requirements of used.filter((each) => each !== undefined)) {
      expect(requirements.length).toBeLessThan(2);
      for (const name of requirements.flatMap(Object.keys)) {
        expect(securitySchemes[name]).toMatchObject({ type: "http", scheme: "bearer" });
      }
    }
  });
});

it("describes the payload of every kind of notification, with a valid example", () => {
  const kinds = Object.values(document.webhooks).map(({ post }) => {
    const { schema, example } = post.requestBody!.content["application/json"]!;
    const validator = new Validator({ ...schema, components: document.components });
    expect(validator.validate(example).errors).toEqual([]);
    return (example as { object: string }).object;
  });
  expect(kinds).toEqual(NOTIFICATION_KINDS);
});

it("explains every error type under the anchor in its `doc_url`", () => {
  for (const type of Object.keys(ERROR_TYPES)) {
    const heading = new RegExp(`^### ${type.replaceAll("_", " ")}\n\n\`${type}\`, \\d{3}: `, "im");
    expect(document.info.description).toMatch(heading);
  }
});

it("names every response header that production lacks", () => {
  const [, differences] = document.info.description.split("## Differences from production");
  for (const name of Object.keys(responseHeaders)) expect(differences).toContain(`\`${name}\``);
});
