import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { DEFAULT_PAGE_ITEMS, MAX_PAGE_ITEMS } from "../../src/schemas/pages.ts";
import { MAX_PAGE_BYTES } from "../../src/domain/stored-bytes.ts";

/** How long a key is remembered: the document has the code's own figure. */
const secondsIn = (path: string) =>
  [...readFileSync(path, "utf8").matchAll(/within (\d+) s(?:econds)?\b/g)].map(([, said]) => said);
const [KEY_SECONDS] = secondsIn("src/generated/openapi.json");

const README = readFileSync("README.md", "utf8");

it.each(["README.md", ".github/DEPLOYING.md", ".github/COST.md"])(
  "%s says how long a key is remembered as the code does",
  (path) => {
    const said = secondsIn(path);
    expect(said).not.toEqual([]);
    expect(new Set(said)).toEqual(new Set([KEY_SECONDS]));
  },
);

it("the README says of a page what the code does", () => {
  expect(README).toContain(`\`limit\` is ${DEFAULT_PAGE_ITEMS} if not given`);
  expect(README).toContain(`at most ${MAX_PAGE_ITEMS} a page`);
  expect(README).toContain(`at ${MAX_PAGE_BYTES / 1_000} KB`);
});
