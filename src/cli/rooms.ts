/**
 * The rooms (folders) of `src/` and their allowed imports: the layers of CONTRIBUTING, as a table. As a program,
 * prints every import that isn't allowed, and exits with 1 if there is one.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A room's imports: other rooms or files of `src/`, and packages. A type import counts like any other. */
interface Allowed {
  rooms: string[];
  packages: string[];
}

const DOMAIN_AND_SCHEMAS = ["domain", "schemas"];
const BELOW_HTTP = ["ledger", "workbench", "store", ...DOMAIN_AND_SCHEMAS, "config.ts", "log.ts"];

export const ROOMS: Record<string, Allowed> = {
  routes: { rooms: ["openapi", "access", "http", ...BELOW_HTTP], packages: ["hono"] },
  openapi: {
    rooms: ["http", ...DOMAIN_AND_SCHEMAS, "generated"],
    packages: ["hono", "hono-openapi", "zod"],
  },
  access: {
    rooms: ["http", "store", ...DOMAIN_AND_SCHEMAS, "config.ts", "log.ts"],
    packages: ["hono"],
  },
  http: { rooms: BELOW_HTTP, packages: ["hono", "hono-openapi", "structured-headers", "zod"] },
  ledger: { rooms: ["store", "domain", "config.ts", "log.ts"], packages: ["cloudflare:workers"] },
  workbench: {
    rooms: ["store", "domain", "generated", "config.ts", "log.ts"],
    packages: ["cloudflare:workers", "drizzle-orm"],
  },
  store: { rooms: ["domain"], packages: ["drizzle-orm"] },
  schemas: { rooms: ["domain"], packages: ["zod"] },
  domain: { rooms: [], packages: ["fastest-levenshtein"] },
  "config.ts": { rooms: ["domain"], packages: ["zod"] },
  "log.ts": { rooms: [], packages: [] },
  console: {
    rooms: ["domain", "generated"],
    packages: [
      "preact",
      "@preact/signals",
      "wouter-preact",
      "openapi-fetch",
      "eventsource-parser",
      "@tanstack/virtual-core",
    ],
  },
  // The npm package contains only `local`, `domain` and `generated`.
  local: {
    rooms: ["domain", "generated"],
    packages: ["node:", "miniflare", "eventsource-parser", "@cloudflare/workers-types"],
  },
};

/** The entry files, and the repository's own programs, may import anything. */
const UNRESTRICTED = new Set(["app.ts", "index.ts", "env.d.ts", "cli", "generated"]);

/** The imports of a file that its room doesn't allow, as sentences. */
export function wrongImportsOf(path: string, source: string): string[] {
  const room = roomOf(path);
  const allowed = ROOMS[room];
  if (!allowed) return UNRESTRICTED.has(room) ? [] : [`${path} is in no room of src/cli/rooms.ts.`];
  return [...source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g)]
    .map(([, specifier]) => specifier!)
    .filter((specifier) => !isAllowed(specifier, path, room, allowed))
    .map((specifier) => `${path} imports ${specifier}, which ${room} may not.`);
}

function isAllowed(specifier: string, path: string, room: string, { rooms, packages }: Allowed) {
  // The package's own name only occurs in the guide's examples.
  if (specifier === "orders-sandbox") return true;
  if (!specifier.startsWith(".")) {
    return packages.some((name) =>
      name.endsWith(":") ? specifier.startsWith(name) : `${specifier}/`.startsWith(`${name}/`),
    );
  }
  const target = join(dirname(path), specifier);
  // Only data may be imported from outside of src/: package.json and the migrations.
  if (!target.startsWith("src/")) return !/\.[mc]?[jt]sx?$/.test(target);
  return roomOf(target) === room || rooms.includes(roomOf(target));
}

function roomOf(path: string): string {
  return path.split("/")[1]!;
}

if (import.meta.main) {
  const wrong = globSync("src/**/*.{ts,tsx}").flatMap((path) =>
    wrongImportsOf(path, readFileSync(path, "utf8")),
  );
  for (const sentence of wrong) console.error(sentence);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}
