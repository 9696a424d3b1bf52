import { expect, it } from "vitest";
import { curlOf } from "../../src/domain/curl.ts";
import { keptBody, MAX_KEPT_BODY_BYTES, maskKeys } from "../../src/domain/requests.ts";
import { newApiKey } from "../../src/access/secrets.ts";

it("masks every key, and what only begins like one is none", async () => {
  const keys = [await newApiKey("secret"), await newApiKey(undefined), "test_sandbox_a"];
  for (const key of keys) {
    expect(maskKeys(`{"key":"${key}"}, key=${key}&x ${key}`)).toBe(
      '{"key":"test_***"}, key=test_***&x test_***',
    );
  }
  const signed = keys[0]!;
  expect(maskKeys(`${signed}-and-more`)).toBe("test_***-and-more");
  for (const other of ["test_order_1", "test_sandbox_app", `test_${crypto.randomUUID()}`]) {
    expect(maskKeys(other)).toBe(other);
  }
});

it("masks a key that the cut goes through", async () => {
  const key = await newApiKey("secret");
  const { body, cut } = keptBody(" ".repeat(MAX_KEPT_BODY_BYTES - 20) + key + "x".repeat(2_000));
  expect(cut).toBe(true);
  expect(body).not.toContain(key.slice(0, 15));
});

it("keeps a body that just fits, and cuts before a character that doesn't", () => {
  for (const character of ["a", "é", "€", "😀"]) {
    const bytes = new TextEncoder().encode(character).length;
    const fits = character.repeat(Math.floor(MAX_KEPT_BODY_BYTES / bytes));
    expect(keptBody(fits)).toEqual({ body: fits });
    expect(keptBody(fits + character)).toEqual({ body: fits, cut: true });
  }
});

const url = "http://localhost:8787/v2/orders?id=[1]";

it("has no command where it could not be the same", () => {
  expect(curlOf("POST", { url, request: { headers: {}, cut: true } })).toBeUndefined();
  expect(curlOf("POST", { url, request: { headers: {}, body: "a\0b" } })).toBeUndefined();
});

it("leaves out of the command what curl says by itself", () => {
  const headers = { host: "x", "content-length": "3", accept: "*/*", "x-empty": "" };
  expect(curlOf("HEAD", { url, request: { headers } })).toBe(
    `curl --globoff --head '${url}' -H "Authorization: Bearer $SANDBOX_KEY" -H 'accept: */*' -H 'x-empty;'`,
  );
});
