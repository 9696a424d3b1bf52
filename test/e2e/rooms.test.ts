import { expect, it } from "vitest";
import { ROOMS, wrongImportsOf } from "../../src/cli/rooms.ts";

const EVERYWHERE = [...Object.keys(ROOMS), "app.ts", "index.ts", "cli"];
const PACKAGES = [
  "hono",
  "hono/factory",
  "zod",
  "drizzle-orm",
  "cloudflare:workers",
  "preact",
  "wrangler",
  "miniflare",
  "node:fs",
];

const pathIn = (room: string) => (room.endsWith(".ts") ? room : `${room}/x.ts`);
/** The imports that the linter rejects in a file in a subfolder of the room. */
const refused = (room: string, source: string) =>
  wrongImportsOf(room.endsWith(".ts") ? `src/${room}` : `src/${room}/sub/x.ts`, source);

it.each(Object.entries(ROOMS))(
  "%s may import its rooms and packages, and no others",
  (room, allowed) => {
    const up = room.endsWith(".ts") ? "./" : "../../";
    for (const target of EVERYWHERE) {
      const isAllowed = target === room || allowed.rooms.includes(target);
      for (const source of [
        `import { a } from "${up}${pathIn(target)}";`,
        `import type { A } from "${up}${pathIn(target)}";`,
        `export * from "${up}${pathIn(target)}";`,
        `const a = await import("${up}${pathIn(target)}");`,
        `import {\n  a,\n} from "${up}${pathIn(target)}";`,
      ]) {
        expect(refused(room, source), source).toHaveLength(isAllowed ? 0 : 1);
      }
    }
    for (const name of PACKAGES) {
      const isAllowed = allowed.packages.some(
        (each) =>
          name === each ||
          name.startsWith(each.replace(/\/?$/, "/")) ||
          (each.endsWith(":") && name.startsWith(each)),
      );
      expect(refused(room, `import "${name}";`), name).toHaveLength(isAllowed ? 0 : 1);
    }
  },
);

it("allows no path of imports back up through the layers", () => {
  const reachable = (room: string, seen = new Set<string>()): Set<string> => {
    for (const next of ROOMS[room]?.rooms ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      reachable(next, seen);
    }
    return seen;
  };
  for (const room of Object.keys(ROOMS)) expect(reachable(room), room).not.toContain(room);
});

it("accepts data outside of src/, and rejects code there and unknown rooms", () => {
  expect(refused("routes", `import journal from "../../../drizzle/journal.json";`)).toEqual([]);
  expect(refused("routes", `import { x } from "../../../test/x.ts";`)).toHaveLength(1);
  expect(wrongImportsOf("src/attic/x.ts", "")).toEqual([
    "src/attic/x.ts is in no room of src/cli/rooms.ts.",
  ]);
});
