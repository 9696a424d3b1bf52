/** A sandbox from its start to its end, for the library and for the program. */
import type { Miniflare } from "miniflare";
import { readBuiltWorker } from "./artifacts.ts";
import { requireFree } from "./ports.ts";
import type { RequestLine } from "./observation.ts";
import { startRuntime } from "./runtime.ts";
import { settled, stateWithin, takeFolder, whenReplaced } from "./state-folder.ts";

export const SEEDED_KEYS = ["test_sandbox_a", "test_sandbox_b"] as const;

const HOUR_MILLISECONDS = 3_600_000;

interface StartOptions {
  port?: number;
  host?: string;
  persistTo?: string;
  vars?: Record<string, string>;
  onRequest?: (line: RequestLine) => void;
  onError?: (message: string) => void;
  /** Called with a sentence when the state folder is gone, and the sandbox starts anew. */
  onLoss?: (message: string) => void;
  /** Called with a sentence where it can't, and has ended. */
  onEnd?: (message: string) => void;
}

export interface StartedSandbox {
  url: string;
  key: string;
  close: () => Promise<void>;
}

export async function startSandbox(options: StartOptions): Promise<StartedSandbox> {
  const running = await run(options);
  const { url } = running;
  const { persistTo } = options;
  const close = persistTo === undefined ? running.end : renewing(running, persistTo, options);
  let closed: Promise<void> | undefined;
  return { url, key: SEEDED_KEYS[0], close: () => (closed ??= close()) };
}

interface Running {
  url: string;
  end: () => Promise<void>;
}

async function run(options: StartOptions): Promise<Running> {
  const { port = 0, host = "127.0.0.1", persistTo, vars = {} } = options;
  await requireFree(port, host);
  const giveBack = persistTo === undefined ? () => undefined : takeFolder(persistTo);
  try {
    const runtime = await startRuntime(await readBuiltWorker(), {
      port,
      host,
      vars,
      persistTo: persistTo === undefined ? undefined : stateWithin(persistTo),
      onRequest: options.onRequest,
      onError: options.onError ?? (() => undefined),
    });
    const { origin } = await runtime.unsafeGetDirectURL();
    return { url: origin, end: ending(runtime, giveBack) };
  } catch (error) {
    giveBack();
    throw error;
  }
}

function ending(runtime: Miniflare, giveBack: () => void): () => Promise<void> {
  const hourly = setInterval(() => void workHourly(runtime), HOUR_MILLISECONDS).unref();
  return async () => {
    clearInterval(hourly);
    await runtime.dispose();
    giveBack();
  };
}

/**
 * Starts anew, on the same port, when the state folder is gone, and answers what ends the sandbox. Nobody
 * tells the runtime: it goes on answering 200 for as long as requests come, and what it writes is nowhere.
 * The port is closed for the second that this takes: to answer 503 there would need a server of its own.
 */
function renewing(running: Running, folder: string, options: StartOptions): () => Promise<void> {
  const { onLoss = warn, onEnd = warn } = options;
  const again = { ...options, port: Number(new URL(running.url).port) };
  let current: Running | undefined = running;
  let isClosed = false;
  let renewal: Promise<void> | undefined;
  const watch = () =>
    whenReplaced(folder, () => {
      renewal = renew();
    });
  let unwatch = watch();

  async function renew(): Promise<void> {
    try {
      await current?.end();
      current = undefined;
      onLoss(`The state folder ${folder} was removed or replaced: starting anew on what is there.`);
      await settled(folder);
      if (isClosed) return;
      current = await run(again);
      unwatch = watch();
    } catch (error) {
      onEnd(`The sandbox has ended: ${(error as Error).message}`);
    }
  }

  return async () => {
    isClosed = true;
    await renewal;
    unwatch();
    await current?.end();
  };
}

/** For who has no other way to be told: on stderr, once, and `process.on("warning")` hears it. */
function warn(message: string): void {
  process.emitWarning(message, "SandboxWarning");
}

/** What a deployed sandbox does by its cron trigger. Answers how that went. */
export async function workHourly(runtime: Miniflare): Promise<string> {
  const worker = await runtime.getWorker();
  const { outcome } = await worker.scheduled({ scheduledTime: new Date() });
  return outcome;
}
