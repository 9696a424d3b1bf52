import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import recorded from "../../src/generated/examples.json" with { type: "json" };
import { PUBLISHED_ERROR_STATUSES } from "../../src/openapi/operation-errors.ts";
import { ERROR_TYPES } from "../../src/schemas/errors.ts";
import { DEFAULT_PAGE_ITEMS, MAX_PAGE_ITEMS } from "../../src/schemas/pages.ts";
import { payloadOf } from "../../src/schemas/notification-payloads.ts";
import { MAX_PAGE_BYTES } from "../../src/domain/stored-bytes.ts";

/** The seconds that a document gives for how long a key is cached. The OpenAPI document takes them from the code. */
const secondsIn = (path: string) =>
  [...readFileSync(path, "utf8").matchAll(/within (\d+) s(?:econds)?\b/g)].map(
    ([, given]) => given,
  );
const [KEY_SECONDS] = secondsIn("src/generated/openapi.json");

const README = readFileSync("README.md", "utf8");
const NOTIFICATIONS = readFileSync(".github/NOTIFICATIONS.md", "utf8");

const statusesIn = (text: string) => new Set(text.match(/\b[45]\d\d\b/g)?.map(Number));
const PROXY_STATUSES = [502, 504];
const STATUSES = new Set(Object.values(ERROR_TYPES).map(({ status }): number => status));

it.each(["README.md", ".github/DEPLOYING.md", ".github/COST.md"])(
  "%s gives the code's figure for how long a key is cached",
  (path) => {
    const given = secondsIn(path);
    expect(given).not.toEqual([]);
    expect(new Set(given)).toEqual(new Set([KEY_SECONDS]));
  },
);

it("the README says what to do after each status", () => {
  const [table] = README.match(/^\| after [^]*?\n\n/m)!;
  expect(statusesIn(table)).toEqual(new Set([...STATUSES, ...PROXY_STATUSES]));
});

it("the README names the statuses that only the sandbox has", () => {
  const [row] = README.match(/^\| errors .*$/m)!;
  const published = PUBLISHED_ERROR_STATUSES.union(new Set([500]));
  expect(statusesIn(row)).toEqual(STATUSES.difference(published));
});

it("the README gives the code's limits of a page", () => {
  expect(README).toContain(`\`limit\` is ${DEFAULT_PAGE_ITEMS} if not given`);
  expect(README).toContain(`at most ${MAX_PAGE_ITEMS} a page`);
  expect(README).toContain(`at ${MAX_PAGE_BYTES / 1_000} KB`);
});

it("the guide's notification has the fields that the sandbox sends", () => {
  const [, block = ""] = /^```json\n([^]*?)^```$/m.exec(NOTIFICATIONS) ?? [];
  const { object, data } = JSON.parse(block) as { object: string; data: object };
  expect(payloadOf("TRANSACTION").parse({ object, data })).toEqual({ object, data });
  expect(Object.keys(data)).toEqual(Object.keys(recorded.getNotification[200].payload.data));
});
