import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { costOf, expectStatus, send } from "../../support/client.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let later = 0;

/** Reads /health after any cached result has expired. */
async function checkLater() {
  vi.useRealTimers();
  later += 10_000;
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + later });
  return send("GET", "/health");
}

it("needs no key, and costs one query in 5 seconds", async () => {
  const first = expectStatus(await checkLater(), 200);
  expect(first.body).toEqual({
    status: "ok",
    database: "ok",
    migrations: "ok",
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
  });
  expect(costOf(first).queries).toBe(1);
  expect(costOf(await send("GET", "/health")).queries).toBe(0);
});

it("returns 503 if the database lacks a migration", async () => {
  const latest = "SELECT max(id) FROM d1_migrations";
  const { results } = await env.DB.prepare(
    `DELETE FROM d1_migrations WHERE id = (${latest}) RETURNING name`,
  ).all<{ name: string }>();
  const response = expectStatus(await checkLater(), 503);
  expect(response.body).toMatchObject({
    status: "unavailable",
    database: "ok",
    migrations: "pending",
  });
  await env.DB.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(results[0]!.name).run();
  expectStatus(await checkLater(), 200);
});

it("returns 503 if the database is unreachable", async () => {
  vi.spyOn(console, "error").mockReturnValue(undefined);
  const { DB } = env;
  Object.assign(env, {
    DB: { prepare: () => ({ bind: () => ({ all: () => Promise.reject(new Error("lost")) }) }) },
  });
  const response = expectStatus(await checkLater(), 503);
  Object.assign(env, { DB });
  expect(response.body).toMatchObject({ status: "unavailable", database: "unavailable" });
  expect(response.text).not.toContain("lost");
  expectStatus(await checkLater(), 200);
});
