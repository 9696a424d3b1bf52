/** The memory of the runtime, on Linux. */
import { readdirSync, readFileSync } from "node:fs";

const SAMPLE_MILLISECONDS = 200;
const KIB_PER_MB = 1_000_000 / 1_024;

/** Measures the peak of this process's `workerd` children until it is stopped. */
export class MemoryPeak {
  #megabytes = 0;
  readonly #timer = setInterval(() => this.#sample(), SAMPLE_MILLISECONDS);

  /** Returns the peak of the resident memory in MB; 0 if the system doesn't report it. */
  stop(): number {
    clearInterval(this.#timer);
    return this.#megabytes;
  }

  #sample(): void {
    this.#megabytes = Math.max(this.#megabytes, residentMegabytes());
  }
}

function residentMegabytes(): number {
  if (process.platform !== "linux") return 0;
  const kibibytes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(readStatus)
    .filter((status) => field(status, "Name") === "workerd")
    .filter((status) => field(status, "PPid") === String(process.pid))
    .reduce((sum, status) => sum + Number.parseInt(field(status, "VmRSS"), 10), 0);
  return kibibytes / KIB_PER_MB;
}

/** The status of a process; empty if it has ended. */
function readStatus(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}

const field = (status: string, name: string): string =>
  new RegExp(`^${name}:\\s+(\\S+)`, "m").exec(status)?.[1] ?? "0";
