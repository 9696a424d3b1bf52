/** A sandbox from its start to its end, for the library and for the program. */
import type { Miniflare } from "miniflare";
import { readWorld } from "./artifacts.ts";
import { requireFree } from "./ports.ts";
import type { RequestLine } from "./observation.ts";
import { startRuntime } from "./runtime.ts";
import { stateWithin, takeFolder } from "./state-folder.ts";

export const SEEDED_KEYS = ["test_sandbox_a", "test_sandbox_b"] as const;

const HOUR_MILLISECONDS = 3_600_000;

interface StartOptions {
  port?: number;
  host?: string;
  persistTo?: string;
  vars?: Record<string, string>;
  onRequest?: (line: RequestLine) => void;
  onError?: (message: string) => void;
}

export interface StartedSandbox {
  url: string;
  key: string;
  close: () => Promise<void>;
}

export async function startSandbox(options: StartOptions): Promise<StartedSandbox> {
  const { port = 0, host = "127.0.0.1", persistTo, vars = {} } = options;
  await requireFree(port, host);
  const giveBack = persistTo === undefined ? () => undefined : takeFolder(persistTo);
  try {
    const runtime = await startRuntime(await readWorld(), {
      port,
      host,
      vars,
      persistTo: persistTo === undefined ? undefined : stateWithin(persistTo),
      onRequest: options.onRequest,
      onError: options.onError ?? (() => undefined),
    });
    const { origin } = await runtime.unsafeGetDirectURL();
    return { url: origin, key: SEEDED_KEYS[0], close: closing(runtime, giveBack) };
  } catch (error) {
    giveBack();
    throw error;
  }
}

/** What ends the sandbox, however often it is called. */
function closing(runtime: Miniflare, giveBack: () => void): () => Promise<void> {
  const hourly = setInterval(() => void workHourly(runtime), HOUR_MILLISECONDS).unref();
  let closed: Promise<void> | undefined;
  const close = async () => {
    clearInterval(hourly);
    await runtime.dispose();
    giveBack();
  };
  return () => (closed ??= close());
}

/** What a deployed sandbox does by its cron trigger. Answers how that went. */
export async function workHourly(runtime: Miniflare): Promise<string> {
  const worker = await runtime.getWorker();
  const { outcome } = await worker.scheduled({ scheduledTime: new Date() });
  return outcome;
}
