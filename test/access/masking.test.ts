import { expect, it } from "vitest";
import { generateApiKey } from "../../src/access/secrets.ts";
import { maskKeys, recordedText } from "../../src/domain/recorded-text.ts";

it("masks every key, and no text that only starts like one", async () => {
  const keys = [await generateApiKey(["secret"]), await generateApiKey([]), "test_sandbox_a"];
  for (const key of keys) {
    expect(maskKeys(`{"key":"${key}"}, key=${key}&x ${key}`)).toBe(
      '{"key":"test_***"}, key=test_***&x test_***',
    );
  }
  const signed = keys[0]!;
  expect(maskKeys(`${signed}-and-more`)).toBe("test_***-and-more");
  for (const key of keys.slice(0, 2)) {
    expect(maskKeys(`?b=${key}-1`)).toBe("?b=test_***-1");
    expect(maskKeys(`${key}_retry`)).toBe("test_***_retry");
    const escaped = [/t/g, /_/g, /[\w-]/g].flatMap((some) => [
      key.replace(some, (each) => `%${hexOf(each)}`),
      key.replace(some, (each) => `\\u00${hexOf(each)}`),
    ]);
    for (const each of escaped) expect(maskKeys(`a=%41&k=${each}`)).toBe("a=A&k=test_***");
  }
  for (const other of [
    "test_order_1",
    "test_sandbox_app",
    "%74est_%31",
    `test_${crypto.randomUUID()}`,
  ]) {
    expect(maskKeys(other)).toBe(other);
  }
});

const hexOf = (character: string) => character.charCodeAt(0).toString(16);

it("masks a key that is cut off at the size limit", async () => {
  const key = await generateApiKey(["secret"]);
  const { text, isCut } = recordedText(" ".repeat(480) + key + "x".repeat(2_000), 500);
  expect(isCut).toBe(true);
  expect(text).not.toContain(key.slice(0, 15));
});
