import { expect, it } from "vitest";
import { curlOf } from "../../src/domain/curl.ts";
import { keptBody, MAX_KEPT_BODY_BYTES } from "../../src/domain/requests.ts";

it("keeps a body of the largest size, and cuts a longer one between characters", () => {
  for (const character of ["a", "é", "€", "😀"]) {
    const bytes = new TextEncoder().encode(character).length;
    const fits = character.repeat(Math.floor(MAX_KEPT_BODY_BYTES / bytes));
    expect(keptBody(fits)).toEqual({ body: fits });
    expect(keptBody(fits + character)).toEqual({ body: fits, cut: true });
  }
});

const url = "http://localhost:8787/v2/orders?id=[1]";

it("gives no curl command for a request that curl can't repeat", () => {
  expect(curlOf("POST", { url, request: { headers: {}, cut: true } })).toBeUndefined();
  expect(curlOf("POST", { url, request: { headers: {}, body: "a\0b" } })).toBeUndefined();
});

it("leaves out of the curl command the headers that curl adds", () => {
  const headers = { host: "x", "content-length": "3", accept: "*/*", "x-empty": "" };
  expect(curlOf("HEAD", { url, request: { headers } })).toBe(
    `curl --globoff --head '${url}' -H "Authorization: Bearer $SANDBOX_KEY" -H 'accept: */*' -H 'x-empty;'`,
  );
});
