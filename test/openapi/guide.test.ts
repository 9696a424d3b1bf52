import { expect, it } from "vitest";
import { exports } from "cloudflare:workers";
import { ANY_FAULT_NAMES } from "../../src/domain/faults.ts";
import { CHECK_IDS } from "../../src/domain/readiness/checks.ts";
import { WARNINGS } from "../../src/domain/warnings.ts";
import { guide } from "../../src/openapi/guide.ts";
import { ERROR_TYPES } from "../../src/schemas/errors.ts";

const MAX_BYTES = 12_000;

it("is served as /llms.txt, and names every fault, error, warning and check", async () => {
  const response = await exports.default.fetch("https://sandbox.test/llms.txt");
  expect(response.headers.get("Content-Type")).toMatch(/^text\/plain/);
  const text = await response.text();
  expect(text).toBe(guide("https://sandbox.test"));
  expect(text).toMatch(/^# Orders Sandbox\n\n> /);
  expect(new TextEncoder().encode(text).byteLength).toBeLessThan(MAX_BYTES);
  const names = [...ANY_FAULT_NAMES, ...Object.keys(ERROR_TYPES), ...WARNINGS, ...CHECK_IDS];
  expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  expect(text).not.toContain("localhost");
});
