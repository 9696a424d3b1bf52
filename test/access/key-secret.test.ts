import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { isSigned, generateApiKey } from "../../src/access/secrets.ts";
import { app } from "../../src/app.ts";
import type { AppEnv } from "../../src/http/context.ts";
import {
  readResponse,
  expectStatus,
  newPartner,
  operator,
  refusalOf,
  secrets,
} from "../support/client.ts";
import { OPERATIONS, OPERATOR_OPERATIONS } from "../support/operations.ts";

/** Sends a request to an app with these bindings. */
async function sendWith(
  bindings: Partial<AppEnv["Bindings"]>,
  key: string,
  [method, path]: [string, string] = ["GET", "/v2/orders"],
) {
  const headers = { Authorization: `Bearer ${key}` };
  const request = new Request(`https://sandbox.test${path}`, { method, headers });
  const response = await app.fetch(request, { ...env, ...bindings }, createExecutionContext());
  return readResponse(method, request.url, response);
}

it.each([...OPERATIONS, ...OPERATOR_OPERATIONS])(
  "without a KEY_SECRET, and with UNSIGNED_KEYS off, %s %s returns 503",
  async (...operation) => {
    const unsigned = { KEY_SECRET: "", UNSIGNED_KEYS: "off" };
    const { key } = operation[1].startsWith("/sandbox/partners") ? operator : await newPartner();
    const response = await sendWith(unsigned, key, operation);
    expect(refusalOf(response)).toMatchObject({ status: 503, type: "SERVICE_UNAVAILABLE_ERROR" });
    expect(response.body.error.message).toContain("npx wrangler secret put KEY_SECRET");
  },
);

it("KEY_SECRET applies even with UNSIGNED_KEYS on", async () => {
  const { key } = await newPartner();
  const settings = { KEY_SECRET: "another", UNSIGNED_KEYS: "on" };
  expectStatus(await sendWith(settings, key), 401);
  expectStatus(await sendWith({ UNSIGNED_KEYS: "on" }, key), 200);
});

it("KEY_SECRET can list secrets: the first signs, and all verify", async () => {
  const { key } = await newPartner();
  expectStatus(await sendWith({ KEY_SECRET: `new,${secrets.KEY_SECRET}` }, key), 200);
  expectStatus(await sendWith({ KEY_SECRET: `new, ${secrets.KEY_SECRET} ,` }, key), 200);
  expect(await isSigned(await generateApiKey(["new", "old"]), ["new"])).toBe(true);
  expect(await isSigned(await generateApiKey(["new", "old"]), ["old"])).toBe(false);
  expect(await isSigned(await generateApiKey(["old"]), ["new", "old"])).toBe(true);
});

it.each([",", " ", " , ,"])(
  "returns 503 without a usable secret in KEY_SECRET, such as %j",
  async (secret) => {
    const settings = { KEY_SECRET: secret, UNSIGNED_KEYS: "on" };
    expectStatus(await sendWith(settings, "test_unsigned"), 503);
  },
);

it("a signature covers every part of a key", async () => {
  const key = await generateApiKey(["secret"]);
  expect(key).toMatch(/^test_[\w-]{75}$/);
  for (let index = "test_".length; index < key.length - 1; index += 1) {
    const other = key[index] === "A" ? "B" : "A";
    expect(await isSigned(key.slice(0, index) + other + key.slice(index + 1), ["secret"])).toBe(
      false,
    );
  }
  for (const other of ["", "test_", key.slice(0, -1), `${key}A`, ` ${key}`, key.toUpperCase()]) {
    expect(await isSigned(other, ["secret"])).toBe(false);
  }
});

it("accepts one spelling of a key, although two bits of its last character are unused", async () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const key = await generateApiKey(["secret"]);
  const signed = [];
  for (const last of alphabet) {
    const spelling = key.slice(0, -1) + last;
    if (await isSigned(spelling, ["secret"])) signed.push(spelling);
  }
  expect(signed).toEqual([key]);
});

it("creates keys with 192 random bits, no two the same", async () => {
  const keys = await Promise.all(Array.from({ length: 100 }, () => generateApiKey(["secret"])));
  const random = keys.map((key) => key.slice("test_".length, "test_".length + 32));
  expect(new Set(random).size).toBe(100);
});
