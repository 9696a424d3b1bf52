/** A running sandbox, for the library and for the program. */
import { tmpdir } from "node:os";
import { clearInterval, setInterval } from "node:timers";
import type { Miniflare } from "miniflare";
import { readBuiltWorker } from "./artifacts.ts";
import { watchFolder, type FolderWatch } from "./folder-watch.ts";
import { requireFreePort } from "./ports.ts";
import type { RequestLine } from "./request-line.ts";
import { startRuntime } from "./runtime.ts";
import { SandboxError } from "./sandbox-error.ts";
import { startFailure } from "./start-failures.ts";
import { dataFolderOf, lockFolder } from "./state-folder.ts";

export const SEEDED_KEYS = ["test_sandbox_a", "test_sandbox_b"] as const;

const HOUR_MILLISECONDS = 3_600_000;

export interface StartOptions {
  port?: number;
  host?: string;
  /** Host names to serve in addition to those of this machine. */
  allowHosts?: string[];
  persistTo?: string;
  vars?: Record<string, string>;
  /** The folder of all temporary files. It is removed if this process is killed. */
  temporaryFolder?: string;
  onRequest?: (line: RequestLine) => void;
  /** Called with a log line for each internal error. */
  onError?: (message: string) => void;
  /** Called with the process ID of the runtime. */
  onSpawn?: (pid: number) => void;
  /** Called when the sandbox ends because its data folder is gone. */
  onFolderLost?: (error: SandboxError) => void;
}

export interface RunningSandbox {
  url: string;
  key: string;
  close: () => Promise<void>;
}

export async function startSandbox(options: StartOptions): Promise<RunningSandbox> {
  const { port = 0, host = "127.0.0.1", persistTo } = options;
  await requireFreePort(port, host);
  const unlock = persistTo === undefined ? () => undefined : lockFolder(persistTo);
  const errors: string[] = [];
  let watch: FolderWatch | undefined;
  try {
    const runtime = await startOn(port, host, options, errors, () => watch?.isIntact() ?? true);
    const { origin: url } = await runtime.unsafeGetDirectURL();
    const hourly = setInterval(() => void runHourlyJob(runtime), HOUR_MILLISECONDS).unref();
    const end = async () => {
      clearInterval(hourly);
      watch?.stop();
      await runtime.dispose();
      unlock();
    };
    let ended: Promise<void> | undefined;
    const close = () => (ended ??= end());
    // Without its folder, workerd would keep accepting writes that it then loses.
    if (persistTo !== undefined) {
      watch = watchFolder(persistTo, () => {
        void close();
        options.onFolderLost?.(folderLost(persistTo));
      });
    }
    return { url, key: SEEDED_KEYS[0], close };
  } catch (error) {
    unlock();
    throw startFailure(error, errors, persistTo ?? tmpdir());
  }
}

/**
 * Adds logged errors to `startErrors` until the sandbox has started. Reports later errors, unless a missing data
 * folder has caused them.
 */
async function startOn(
  port: number,
  host: string,
  options: StartOptions,
  startErrors: string[],
  isFolderIntact: () => boolean,
): Promise<Miniflare> {
  const { allowHosts = [], persistTo, temporaryFolder, vars = {}, onRequest } = options;
  let isStarted = false;
  const runtime = await startRuntime(await readBuiltWorker(), {
    port,
    host,
    allowHosts,
    vars,
    persistTo: persistTo === undefined ? undefined : dataFolderOf(persistTo),
    onRequest,
    onError: (message) => {
      if (!isStarted) startErrors.push(message);
      else if (isFolderIntact()) options.onError?.(message);
    },
    guard: { onSpawn: options.onSpawn ?? (() => undefined), temporaryFolder },
  });
  isStarted = true;
  return runtime;
}

function folderLost(folder: string): SandboxError {
  return new SandboxError(
    `The sandbox has stopped because its data folder ${folder} was removed or replaced: start it again.`,
  );
}

/** Runs the job of the cron trigger, and returns the outcome. */
export async function runHourlyJob(runtime: Miniflare): Promise<string> {
  const worker = await runtime.getWorker();
  const { outcome } = await worker.scheduled({ scheduledTime: new Date() });
  return outcome;
}
