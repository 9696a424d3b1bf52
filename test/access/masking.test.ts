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
  for (const other of ["test_order_1", "test_sandbox_app", `test_${crypto.randomUUID()}`]) {
    expect(maskKeys(other)).toBe(other);
  }
});

it("masks a key that is cut off at the size limit", async () => {
  const key = await generateApiKey(["secret"]);
  const { text, isCut } = recordedText(" ".repeat(480) + key + "x".repeat(2_000), 500);
  expect(isCut).toBe(true);
  expect(text).not.toContain(key.slice(0, 15));
});
