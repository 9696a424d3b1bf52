import { longerPause, shorterPause } from "../domain/deliveries.ts";
import type { DatasetStorage } from "./database.ts";

const KEY = "attempt_pause";
/** How often the alarm of a pause does more than attempt a delivery. */
const WORK_MILLISECONDS = 3_600_000;

/** Times are in milliseconds since 1970. */
interface StoredPause {
  /** Its length, without the random part. */
  milliseconds: number;
  until: number;
  /** When the alarm also takes committed events and deletes expired rows. */
  works_at: number;
}

/** How long deliveries wait after the partner reached its attempt limit. Stored, as evictions are frequent in a pause. */
export class AttemptPause {
  readonly #storage: DatasetStorage;

  constructor(storage: DatasetStorage) {
    this.#storage = storage;
  }

  /** When the pause ends: 0 if none began since the last permitted attempt. */
  get until(): number {
    return this.#read()?.until ?? 0;
  }

  /** Whether attempts start one at a time, since the limit recently refused one. */
  get isCautious(): boolean {
    return this.#read() !== undefined;
  }

  /** Whether the pause is over, and the alarm was set only to attempt a delivery. */
  isOnlyReason(now: number): boolean {
    const pause = this.#read();
    return pause !== undefined && pause.until <= now && now < pause.works_at;
  }

  /** Begins a longer pause, unless one is running. */
  lengthen(now: number): void {
    const { milliseconds = 0, until = 0, works_at = 0 } = this.#read() ?? {};
    if (now < until) return;
    const longer = longerPause(milliseconds);
    // The random part spreads the environments of a partner.
    const end = Math.round(now + longer * (1 + Math.random() / 2));
    const work = now < works_at ? works_at : now + WORK_MILLISECONDS;
    this.#write({ milliseconds: longer, until: end, works_at: work });
  }

  /** Ends the pause after a permitted attempt. Returns whether there was one. */
  shorten(): boolean {
    const pause = this.#read();
    if (!pause) return false;
    const milliseconds = shorterPause(pause.milliseconds);
    this.#write(milliseconds > 0 ? { ...pause, milliseconds, until: 0 } : undefined);
    return true;
  }

  /** The next alarm also takes committed events. */
  expectWork(): void {
    const pause = this.#read();
    if (pause && pause.works_at > 0) this.#write({ ...pause, works_at: 0 });
  }

  clear(): void {
    if (this.#read()) this.#write(undefined);
  }

  #read(): StoredPause | undefined {
    return this.#storage.kv.get<StoredPause>(KEY);
  }

  #write(pause: StoredPause | undefined): void {
    // A deleted environment must store nothing again.
    if (this.#storage.datasetId === undefined) return;
    if (pause) this.#storage.kv.put(KEY, pause);
    else this.#storage.kv.delete(KEY);
  }
}
