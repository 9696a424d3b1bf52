import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { clientOf } from "./client.ts";
import { freePort, Server } from "./server.ts";

const ADMIN_TOKEN = "operator-of-this-test-with-32-characters";

let folder: string;
let server: Server;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-partner-"));
  vi.stubEnv("ADMIN_TOKEN", ADMIN_TOKEN);
  server = await new Server(await freePort(), folder, "--var", "ADMIN_TOKEN").ready();
  vi.unstubAllEnvs();
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs `npm run partner` with these arguments until it exits. */
function partner(args: string[], env: Record<string, string> = { ADMIN_TOKEN }) {
  return new Promise<{ code: number; output: string }>((resolve) => {
    const child = execFile(
      "npm",
      ["run", "--silent", "partner", "--", ...args],
      { env: { ...process.env, ...env } },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? 1, output: stdout + stderr }),
    );
  });
}

it("creates a partner whose key works, lists it, creates another key, and deletes it", async () => {
  const url = ["--url", server.url];
  const created = await partner(["create", "Rest Assured", ...url]);
  const [, id = "", key = ""] =
    /Partner (\d+) was created[^]*(test_\S+)/.exec(created.output) ?? [];
  expect((await clientOf(server.url, key).GET("/v2/orders")).response.status).toBe(200);

  const listed = await partner(["list", ...url]);
  for (const name of ["Rest Assured", "Local partner A"]) expect(listed.output).toContain(name);
  expect(listed.output).not.toContain(key);

  const another = await partner(["key", id, ...url]);
  const [, other = ""] = /It is shown only once:\s+(test_\S+)/.exec(another.output) ?? [];
  expect((await clientOf(server.url, other).GET("/v2/orders")).response.status).toBe(200);

  expect(await partner(["delete", id, ...url])).toEqual({
    code: 0,
    output: `Partner ${id} was deleted.\n`,
  });
  expect((await clientOf(server.url, key).GET("/v2/orders")).response.status).toBe(401);
  const again = await partner(["delete", id, ...url]);
  expect(again).toEqual({ code: 1, output: `This sandbox has no partner ${id}.\n` });
});

it.each([
  ["no token", ["list"], {}, "Set ADMIN_TOKEN in the environment"],
  ["a wrong token", ["list"], { ADMIN_TOKEN: "wrong" }, "not this sandbox's ADMIN_TOKEN"],
  ["no command", [], { ADMIN_TOKEN }, "Usage, with ADMIN_TOKEN"],
  ["no name", ["create"], { ADMIN_TOKEN }, "Usage, with ADMIN_TOKEN"],
  ["no number", ["delete", "Lamp"], { ADMIN_TOKEN }, "Usage, with ADMIN_TOKEN"],
  ["an unknown flag", ["list", "--all"], { ADMIN_TOKEN }, "Usage, with ADMIN_TOKEN"],
  ["a path", ["list", "--url", "http://localhost/docs"], { ADMIN_TOKEN }, "without a path"],
  ["no scheme", ["list", "--url", "localhost:8787"], { ADMIN_TOKEN }, "without a path"],
])("prints one message without a stack for %s", async (_, args, env, sentence) => {
  const { code, output } = await partner(["--url", server.url, ...args], {
    ADMIN_TOKEN: "",
    ...env,
  });
  expect(code).toBe(1);
  expect(output).toContain(sentence);
  expect(output).not.toMatch(/^\s+at /m);
});

it("reports an unreachable URL", async () => {
  const url = `http://localhost:${await freePort()}`;
  const { output } = await partner(["list", "--url", url]);
  expect(output).toBe(`${url} can't be reached: is a sandbox running at this URL?\n`);
});

it.each([200, 404])("reports a server that isn't a sandbox and returns %i", async (status) => {
  const other = createServer((_, response) => response.writeHead(status).end("<p>Hello</p>"));
  await once(other.listen(0), "listening");
  const url = `http://localhost:${(other.address() as AddressInfo).port}`;
  const { output } = await partner(["list", "--url", url]);
  other.close();
  expect(output).toBe(`${url} is not an Orders Sandbox: it returned ${status}.\n`);
});
