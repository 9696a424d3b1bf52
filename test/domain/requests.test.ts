import { expect, it } from "vitest";
import { curlOf } from "../../src/domain/curl.ts";
import { recordedHeaders, recordedText } from "../../src/domain/requests.ts";

it("stores a text of the largest size, and cuts a longer one between characters", () => {
  for (const character of ["a", "é", "€", "😀"]) {
    const bytes = new TextEncoder().encode(character).length;
    const fits = character.repeat(Math.floor(500 / bytes));
    expect(recordedText(fits, 500)).toEqual({ text: fits, isCut: false });
    expect(recordedText(fits + character, 500)).toEqual({ text: fits, isCut: true });
  }
});

it("cuts headers at the limit of all of them together", () => {
  const short: [string, string][] = [["accept", "*/*"]];
  expect(recordedHeaders(short)).toEqual({ headers: { accept: "*/*" }, isCut: false });
  const long: [string, string][] = [...short, ["x-long", "é".repeat(400_000)], ["x-next", "1"]];
  const { headers, isCut } = recordedHeaders(long);
  expect(isCut).toBe(true);
  expect(Object.keys(headers)).toEqual(["accept", "x-long"]);
  expect(new TextEncoder().encode(JSON.stringify(headers)).length).toBeLessThan(16_500);
  const many = Array.from({ length: 10_000 }, (_, index) => [`x-${index}`, ""] as [string, string]);
  expect(recordedHeaders(many).isCut).toBe(true);
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
