import { cp, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import { createSandbox } from "../../src/local/index.ts";
import { isFree } from "../../src/local/ports.ts";
import { isInUse } from "../../src/local/state-folder.ts";
import { clientOf } from "./client.ts";
import { Program } from "./program.ts";
import { freePort } from "./server.ts";

/** How long writes may still be acknowledged after the folder is gone. */
const LOSS_MILLISECONDS = 1_000;
/** Five polling intervals of the watch. */
const WATCH_MILLISECONDS = 1_000;
const PAUSE_MILLISECONDS = 50;

/** Names that a glob reads as patterns. */
const FOLDER_NAMES = ["[id]", "{a,b}", "!(*)?"];

let root: string;
beforeAll(async () => {
  await buildIfChanged();
  root = await mkdtemp(join(tmpdir(), "orders-sandbox-state-"));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

const start = (port: number, folder: string) =>
  new Program(
    "node",
    ["src/local/bin.ts", "--port", `${port}`, "--persist-to", folder, "--quiet"],
    "Try it:",
  ).ready();

async function create(url: string, id: string): Promise<boolean> {
  const order = { id, payment_method_id: "pm", partner_order_id: "po", total_order_amount: 1 };
  try {
    return (await clientOf(url).POST("/v2/orders", { body: order })).response.ok;
  } catch {
    return false;
  }
}

describe("the program, when its data folder disappears", () => {
  it.each<[what: string, happen: (folder: string) => Promise<unknown>]>([
    ["is removed", (folder) => rm(folder, { recursive: true })],
    ["is renamed", (folder) => rename(folder, `${folder}-renamed`)],
    [
      "is in a folder that is renamed",
      (folder) => rename(dirname(folder), `${dirname(folder)}-renamed`),
    ],
    [
      "is replaced by a copy",
      async (folder) => {
        await cp(folder, `${folder}-copy`, { recursive: true });
        await rm(folder, { recursive: true });
        await rename(`${folder}-copy`, folder);
      },
    ],
  ])("ends with status 1 and one sentence when the folder %s", async (what, happen) => {
    const folder = join(root, what.replaceAll(" ", "-"), "state");
    const port = await freePort();
    const program = await start(port, folder);
    const url = `http://localhost:${port}`;
    expect(await create(url, "before")).toBe(true);
    const { length } = program.output;

    await happen(folder);
    const began = Date.now();
    let lastWrite = 0;
    const exited = program.exited();
    for (let count = 0; await create(url, `after-${count}`); count += 1) {
      lastWrite = Date.now() - began;
      await sleep(PAUSE_MILLISECONDS);
    }
    expect(lastWrite).toBeLessThan(LOSS_MILLISECONDS);
    expect(await exited).toBe(1);
    expect(program.output.slice(length).trim()).toBe(
      `The sandbox has stopped because its data folder ${folder} was removed or replaced: start it again.`,
    );
    expect(await isFree(port)).toBe(true);
  });
});

describe.each(FOLDER_NAMES)("a data folder whose path contains %s", (name) => {
  it("serves, is locked against a second server, and is watched", async () => {
    const parent = join(root, `parent-${name}`);
    const folder = join(parent, "state");
    await using sandbox = await createSandbox({ persistTo: folder });
    await sleep(WATCH_MILLISECONDS);
    expect(await create(sandbox.url, "order-1")).toBe(true);
    expect(isInUse(folder)).toBe(true);
    await expect(createSandbox({ persistTo: folder })).rejects.toThrow("Another server uses");
    expect((await sandbox.requests()).map(({ order_id }) => order_id)).toEqual(["order-1"]);

    await rm(parent, { recursive: true });
    await expect.poll(() => sandbox.requests().catch(String)).toContain("was removed or replaced");
  });
});

it.skipIf(process.platform === "win32")(
  "creates a data folder that only its owner can read",
  async () => {
    const folder = join(root, "private", "state");
    await using _ = await createSandbox({ persistTo: folder });
    for (const created of [folder, dirname(folder)]) {
      expect((await stat(created)).mode & 0o777).toBe(0o700);
    }
  },
);

describe("a sandbox of the library, when its data folder is removed", () => {
  it("rejects every later call with a SandboxError, and leaves no folder and no open port", async () => {
    const persistTo = join(root, "library");
    const sandbox = await createSandbox({ persistTo });
    const own = await sandbox.environment();
    await rm(persistTo, { recursive: true });
    const lost = {
      name: "SandboxError",
      message: `The sandbox has stopped because its data folder ${persistTo} was removed or replaced: start it again.`,
    };
    await expect
      .poll(() => sandbox.requests().catch((error: unknown) => error))
      .toMatchObject(lost);
    await expect(sandbox.environment()).rejects.toMatchObject(lost);
    await expect(sandbox.faults.add({ fault: "error" })).rejects.toMatchObject(lost);
    await expect(own.reset()).rejects.toMatchObject(lost);
    await expect(own.waitForRequest()).rejects.toMatchObject(lost);
    await expect(own.delete()).rejects.toMatchObject(lost);
    await sandbox.close();
    expect(existsSync(persistTo)).toBe(false);
    expect(await isFree(Number(new URL(sandbox.url).port))).toBe(true);
  });
});
