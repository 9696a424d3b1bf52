import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import { createSandbox } from "../../src/local/index.ts";
import { isFree } from "../../src/local/ports.ts";
import { clientOf } from "./client.ts";
import { freePort, Server } from "./server.ts";

/** How long what is answered may still go into files that nobody finds again. */
const LOSS_MILLISECONDS = 1_000;
/** On a busy machine. On one that isn't it takes less than two seconds. */
const RENEWAL_MILLISECONDS = 20_000;
const PAUSE_MILLISECONDS = 100;

let root: string;
beforeAll(async () => {
  await buildIfChanged();
  root = await mkdtemp(join(tmpdir(), "orders-sandbox-state-"));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

async function create(url: string, id: string): Promise<boolean> {
  const order = { id, payment_method_id: "pm", partner_order_id: "po", total_order_amount: 1 };
  try {
    return (await clientOf(url).POST("/v2/orders", { body: order })).response.ok;
  } catch {
    return false;
  }
}

async function idsAt(url: string): Promise<string[]> {
  const { data } = await clientOf(url).GET("/v2/orders", { params: { query: { limit: 100 } } });
  return data!.data.map(({ id }) => id);
}

/**
 * Makes orders, one after another, while something happens to the folder, until the sandbox has said so and an
 * order is made again. What was answered in between is lost.
 */
async function watchLoss(url: string, happen: () => Promise<unknown>, isSaid: () => boolean) {
  const name = crypto.randomUUID();
  const sent: { id: string; isAnswered: boolean; at: number }[] = [];
  const createNext = async () => {
    const id = `${name}-${sent.length}`;
    sent.push({ id, isAnswered: await create(url, id), at: Date.now() });
    await sleep(PAUSE_MILLISECONDS);
  };
  for (let count = 0; count < 5; count += 1) await createNext();
  await happen();
  const happenedAt = Date.now();
  let said = false;
  while (!said || !sent.at(-1)!.isAnswered) {
    expect(Date.now() - happenedAt).toBeLessThan(RENEWAL_MILLISECONDS);
    // The old one answers nothing after it has said so.
    said = isSaid();
    await createNext();
  }
  const ids = await idsAt(url);
  const lost = sent
    .filter(({ id, isAnswered, at }) => isAnswered && at > happenedAt && !ids.includes(id))
    .map(({ at }) => at - happenedAt);
  console.info({ lost_after_ms: lost, again_after_ms: sent.at(-1)!.at - happenedAt });
  for (const milliseconds of lost) expect(milliseconds).toBeLessThan(LOSS_MILLISECONDS);
  return { ids, before: `${name}-0` };
}

describe("a state folder that goes under a running server", () => {
  let server: Server;
  let folder: string;
  beforeAll(async () => {
    folder = join(root, "parent", "state");
    server = await new Server(await freePort(), folder).ready();
  });
  afterAll(() => server.stop());

  /** Whether the server says from now on that the folder is gone. */
  const said = () => {
    const { length } = server.output;
    const sentence = `The state folder ${folder} was removed or replaced`;
    return () => server.output.includes(sentence, length);
  };

  it.each<[what: string, happen: () => Promise<unknown>]>([
    ["removed", () => rm(folder, { recursive: true })],
    ["renamed", () => rename(folder, join(root, "renamed"))],
    ["within one that is renamed", () => rename(dirname(folder), join(root, "parent-renamed"))],
  ])("is %s: the server says so, and goes on with an empty one", async (_what, happen) => {
    const { ids, before } = await watchLoss(server.url, happen, said());
    expect(ids).not.toContain(before);
  });

  it("is replaced: the server goes on with what is there now", async () => {
    const id = crypto.randomUUID();
    const backup = join(root, "backup");
    await using sandbox = await createSandbox({ persistTo: backup });
    await create(sandbox.url, id);
    await sandbox.close();
    const replace = async () => {
      await rm(folder, { recursive: true });
      await cp(backup, folder, { recursive: true });
    };
    const { ids } = await watchLoss(server.url, replace, said());
    expect(ids).toContain(id);
  });

  it("can't be made again: the server ends, and says why", async () => {
    await rm(dirname(folder), { recursive: true });
    await writeFile(dirname(folder), "no folder");
    expect(await server.exited()).toBe(1);
    expect(server.output).toContain(`The sandbox has ended: Nothing can be kept in ${folder}`);
    expect(await isFree(Number(new URL(server.url).port))).toBe(true);
  });
});

describe("a state folder that goes under a sandbox of the library", () => {
  it("is removed: the sandbox warns, and goes on with an empty one", async () => {
    const persistTo = join(root, "library");
    await using sandbox = await createSandbox({ persistTo });
    const warned = vi.fn<(warning: Error) => void>();
    process.once("warning", warned);
    const remove = () => rm(persistTo, { recursive: true });
    const isSaid = () => warned.mock.calls.length > 0;
    const { ids, before } = await watchLoss(sandbox.url, remove, isSaid);
    expect(ids).not.toContain(before);
    const [[{ name, message }]] = warned.mock.calls as [[Error]];
    expect(name).toBe("SandboxWarning");
    expect(message).toContain(persistTo);
  });

  it("is removed before the sandbox is closed: nothing is made anew", async () => {
    const persistTo = join(root, "closed");
    const sandbox = await createSandbox({ persistTo });
    const warning = once(process, "warning");
    await rm(persistTo, { recursive: true });
    await warning;
    await sandbox.close();
    expect(existsSync(persistTo)).toBe(false);
    expect(await isFree(Number(new URL(sandbox.url).port))).toBe(true);
  });
});
