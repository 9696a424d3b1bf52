import { expect, it } from "vitest";
import { InexactNumber, parseJson } from "../../src/http/json.ts";

it.each(["0", "-0", "1.0", "5e3", "1.50e1", "0.000e9", "9007199254740991", "9.007199254740991e15"])(
  "parses %s as a whole number",
  (text) => {
    const { content } = parseJson(`{"n": ${text}, "list": [${text}]}`);
    expect(content).toEqual({ n: Number(text), list: [Number(text)] });
  },
);

it.each([
  "1.5",
  "1e-1",
  "9007199254740992",
  "9007199254740993",
  "-9007199254740993",
  "9007199254740991.4",
  "1e400",
  "-1e400",
  "1e999999999",
  `1${"0".repeat(100_000)}`,
  `0.${"0".repeat(100_000)}1`,
])("keeps the text of %s, which is not whole or which JavaScript would round", (text) => {
  const { content } = parseJson(`{"n": [ ${text} ]}`);
  expect(content).toEqual({ n: [new InexactNumber(text)] });
});

it("reports the path of each duplicate field, and uses its last value", () => {
  const text = `{"a": 1, "b": [{"c": "x", "d": 1.0, "c": {"e": 1, "e": 2}}], "\\u0061": 2, "a": 3}`;
  expect(parseJson(text)).toEqual({
    content: { a: 3, b: [{ c: { e: 2 }, d: 1 }] },
    duplicates: ["b[0].c", "b[0].c.e", "a"],
  });
});

it.each([
  `{"a": "\\":", "b": "{\\"a\\": 1, \\"a\\": 2}", "c": "[1.5"}`,
  `{"__proto__": {"a": 1}, "b": "\\":"}`,
  `{"a": "\\\\", "b": "\\"", "\\"": ":", "": [[], {}, "]", "1e5,2.5", null, true, false, "\\u00e9é"]}`,
  `[]`,
  `"text"`,
  `7`,
  `null`,
])("parses %s like JSON.parse", (text) => {
  const { content, duplicates } = parseJson(text);
  expect(JSON.stringify(content)).toBe(JSON.stringify(JSON.parse(text)));
  expect(duplicates).toEqual([]);
});

it("parses a body of 100,000 nested lists, and one with 40,000 duplicate fields", () => {
  const nested = `{"a": 1, "a": ${"[".repeat(100_000)}1.5${"]".repeat(100_000)}}`;
  expect(parseJson(nested).duplicates).toEqual(["a"]);
  const many = `{${Array.from({ length: 40_000 }, (_, index) => `"${index % 20_000}":1`).join()}}`;
  expect(parseJson(many).duplicates).toHaveLength(100);
});
