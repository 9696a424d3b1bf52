import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Client } from "../support/client.ts";
import { expectStatus, newPartner, operator, send, type ApiResponse } from "../support/client.ts";
import { OPERATIONS, OPERATOR_OPERATIONS } from "../support/operations.ts";

let partner: Client;
beforeAll(async () => {
  partner = await newPartner();
});

function expectUnauthenticated(response: ApiResponse, sent: string) {
  expectStatus(response, 401);
  expect(response.headers.get("WWW-Authenticate")).toMatch(/^Bearer /);
  expect(response.body).toEqual({
    error: {
      type: "AUTHENTICATION_ERROR",
      message: expect.any(String),
      doc_url: "https://sandbox.test/docs#description/authentication-error",
      request_id: response.headers.get("X-Request-Id"),
    },
  });
  if (sent) expect(response.text).not.toContain(sent);
}

it("finds all operations", () => {
  expect(OPERATIONS).toHaveLength(47);
  expect(OPERATOR_OPERATIONS).toHaveLength(4);
});

describe.each([...OPERATIONS, ...OPERATOR_OPERATIONS])("%s %s", (method, path) => {
  const isForOperator = path.startsWith("/sandbox/partners");
  const sendWith = (authorization: string) =>
    send(method, path, { headers: { Authorization: authorization } });

  it("requires a key", async () => {
    expectUnauthenticated(await send(method, path), "");
  });

  it.each([
    "Bearer test_unknown-key",
    "Bearer",
    "Bearer a b",
    "Digest test_unknown-key",
    "test_unknown-key",
    `Basic ${btoa("test_unknown-key:")}`,
    "Basic %%%",
    `Basic ${btoa("no-colon")}`,
  ])("rejects %s, and neither repeats nor logs any of it", async (authorization) => {
    const logs = [vi.spyOn(console, "error"), vi.spyOn(console, "log")];
    expectUnauthenticated(await sendWith(authorization), "unknown-key");
    expect(JSON.stringify(logs.map((log) => log.mock.calls))).not.toContain("unknown-key");
  });

  it("rejects a key that belongs to somebody else", async () => {
    const { key } = isForOperator ? partner : operator;
    expectUnauthenticated(await sendWith(`Bearer ${key}`), key);
  });

  it.skipIf(isForOperator)("rejects a deleted key", async () => {
    const rotated = await newPartner();
    await rotated.post("/v2/keys");
    await rotated.delete("/v2/keys");
    expectUnauthenticated(await sendWith(`Bearer ${rotated.key}`), rotated.key);
  });

  it("rejects the key with a password", async () => {
    const { key } = isForOperator ? operator : partner;
    const response = await sendWith(`Basic ${btoa(`${key}:password`)}`);
    expectUnauthenticated(response, key);
  });

  it("accepts the key as Bearer in any case, and as Basic user name", async () => {
    for (const scheme of ["Bearer ", "bearer ", "Basic "]) {
      const { key: secret } = isForOperator ? operator : await newPartner();
      const key = scheme === "Basic " ? btoa(`${secret}:`) : secret;
      const response = await sendWith(scheme + key);
      expect(response.status).not.toBe(401);
      expect(response.status).toBeLessThan(500);
    }
  });
});
