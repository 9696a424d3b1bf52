import { expect, it } from "vitest";
import { curlOf } from "../../src/domain/curl.ts";
import { recordedHeaders, recordedText } from "../../src/domain/recorded-text.ts";
import { byteLimitOf, type RequestDetails } from "../../src/domain/requests.ts";

it("stores text up to the size limit, and truncates longer text between characters", () => {
  for (const character of ["a", "é", "€", "😀"]) {
    const bytes = new TextEncoder().encode(character).length;
    const fits = character.repeat(Math.floor(500 / bytes));
    expect(recordedText(fits, 500)).toMatchObject({ text: fits, isCut: false });
    expect(recordedText(fits + character, 500)).toMatchObject({ text: fits, isCut: true });
  }
});

it("truncates headers to a total size", () => {
  const short: [string, string][] = [["accept", "*/*"]];
  expect(recordedHeaders(short)).toMatchObject({ headers: { accept: "*/*" }, isCut: false });
  const long: [string, string][] = [...short, ["x-long", "é".repeat(400_000)], ["x-next", "1"]];
  const { headers, isCut } = recordedHeaders(long);
  expect(isCut).toBe(true);
  expect(Object.keys(headers)).toEqual(["accept", "x-long"]);
  expect(new TextEncoder().encode(JSON.stringify(headers)).length).toBeLessThan(16_500);
  const many = Array.from({ length: 10_000 }, (_, index) => [`x-${index}`, ""] as [string, string]);
  expect(recordedHeaders(many).isCut).toBe(true);
});

it.each([
  [250_000_000, 1, 64_000_000],
  [250_000_000, 10, 25_000_000],
  [250_000_000, 1_001, 1_000_000],
  [10, 0, 1_000_000],
])(
  "gives each environment its share of %i bytes: %i environments, %i each",
  (quota, count, share) => {
    expect(byteLimitOf(quota, count)).toBe(share);
  },
);

const origin = "http://localhost:8787";
const url = "http://evil.example/v2/orders?id=[1]";

it("creates no curl command for a request that curl can't repeat", () => {
  expect(curlFor({ is_exact: false })).toBeUndefined();
  for (const control of ["\0", "\x03", "\r", "\x1b", "\x7f", "\x9b"]) {
    const text = `a${control}\ntouch file`;
    expect(curlFor({ request: { headers: {}, body: text } })).toBeUndefined();
    expect(curlFor({ request: { headers: { "x-note": text } } })).toBeUndefined();
  }
  expect(curlFor({ request: { headers: {}, body: "a\n\tb" } })).toBeDefined();
});

it("sends the command to the sandbox's own origin, whatever the request's host", () => {
  expect(curlFor({})).toContain(` 'http://localhost:8787/v2/orders?id=[1]' `);
  expect(curlFor({})).not.toContain("evil");
});

it("leaves the headers that curl sets out of the command", () => {
  const headers = { host: "x", "content-length": "3", accept: "*/*", "x-empty": "" };
  expect(curlOf("HEAD", { url, request: { headers }, is_exact: true }, origin)).toBe(
    `curl --globoff --path-as-is --head '${origin}/v2/orders?id=[1]' -H "Authorization: Bearer $SANDBOX_KEY" -H 'accept: */*' -H 'x-empty;'`,
  );
});

function curlFor(details: Partial<RequestDetails>) {
  const recorded = { url, request: { headers: {} }, is_exact: true, ...details };
  return curlOf("POST", recorded, origin);
}
