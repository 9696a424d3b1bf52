import { exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import { app } from "../../src/app.ts";
import { ERROR_TYPES } from "../../src/schemas/errors.ts";
import { document, type Content, type Operation } from "../support/document.ts";

/** Routes for people and tools, which are not operations of the API. */
const PAGES = [
  "GET /",
  "GET /console/*",
  "GET /console/console.css",
  "GET /console/console.js",
  "GET /docs",
  "GET /docs/scalar.js",
  "GET /openapi.json",
];

it("is the committed document: `npm run openapi` writes it", async () => {
  const response = await exports.default.fetch("https://sandbox.test/openapi.json");
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

it("has an example for every parameter, header, body and response", () => {
  const { paths, components } = document;
  const without = Object.values(paths)
    .flatMap(Object.values<Operation>)
    .flatMap(({ operationId, parameters, requestBody, responses }) => [
      ...(requestBody && !hasExample(requestBody.content) ? [`${operationId} request`] : []),
      ...parameters
        .filter(({ schema, examples }) => !schema.examples && !examples)
        .map(({ name }) => `${operationId} ${name}`),
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
