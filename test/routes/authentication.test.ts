import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Client } from "../support/client.ts";
import { expectStatus, newPartner, operator, send, type ApiResponse } from "../support/client.ts";
import { OPERATIONS, OPERATOR_OPERATIONS } from "../support/operations.ts";

let partner: Client;
beforeAll(async () => {
  partner = await newPartner();
});

function expectUnauthenticated(answer: ApiResponse, sent: string) {
  expectStatus(answer, 401);
  expect(answer.headers.get("WWW-Authenticate")).toMatch(/^Bearer /);
  expect(answer.body).toEqual({
    error: {
      type: "AUTHENTICATION_ERROR",
      message: expect.any(String),
      doc_url: "https://sandbox.test/docs#description/authentication-error",
      request_id: answer.headers.get("X-Request-Id"),
    },
  });
  if (sent) expect(answer.text).not.toContain(sent);
}

it("finds all operations", () => {
  expect(OPERATIONS).toHaveLength(33);
  expect(OPERATOR_OPERATIONS).toHaveLength(4);
});

describe.each([...OPERATIONS, ...OPERATOR_OPERATIONS])("%s %s", (method, path) => {
  const isForOperator = path.startsWith("/sandbox/partners");
  const sendWith = (authorization: string) =>
    send(method, path, { headers: { Authorization: authorization } });

  it("wants a key", async () => {
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
  ])("refuses %s, and repeats and logs nothing of it", async (authorization) => {
    const logs = [vi.spyOn(console, "error"), vi.spyOn(console, "log")];
    expectUnauthenticated(await sendWith(authorization), "unknown-key");
    expect(JSON.stringify(logs.map((log) => log.mock.calls))).not.toContain("unknown-key");
  });

  it("refuses the key of someone else", async () => {
    const { key } = isForOperator ? partner : operator;
    expectUnauthenticated(await sendWith(`Bearer ${key}`), key);
  });

  it.skipIf(isForOperator)("refuses a deleted key", async () => {
    const rotated = await newPartner();
    await rotated.post("/v2/keys");
    await rotated.delete("/v2/keys");
    expectUnauthenticated(await sendWith(`Bearer ${rotated.key}`), rotated.key);
  });

  it("refuses the key with a password", async () => {
    const { key } = isForOperator ? operator : partner;
    const answer = await sendWith(`Basic ${btoa(`${key}:password`)}`);
    expectUnauthenticated(answer, key);
  });

  it("takes the key as Bearer in any case, and as Basic user name", async () => {
    for (const scheme of ["Bearer ", "bearer ", "Basic "]) {
      const { key: secret } = isForOperator ? operator : await newPartner();
      const key = scheme === "Basic " ? btoa(`${secret}:`) : secret;
      const answer = await sendWith(scheme + key);
      expect(answer.status).not.toBe(401);
      expect(answer.status).toBeLessThan(500);
    }
  });
});
