/** The alarm of a workbench, which has one for everything that is due. */
export class Alarm {
  readonly #storage: DurableObjectStorage;
  /** In milliseconds since 1970; undefined without an alarm. */
  #at: number | undefined;
  #isDisabled = false;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Reads an alarm that was set before a restart. Call this first. */
  async load(): Promise<void> {
    this.#at = (await this.#storage.getAlarm()) ?? undefined;
  }

  /** Sets the alarm to this time, unless it is earlier already. */
  async ensure(at: number): Promise<void> {
    if (this.#isDisabled || (this.#at !== undefined && this.#at <= at)) return;
    this.#at = at;
    await this.#storage.setAlarm(at);
  }

  /** Sets no alarm from now on. */
  disable(): void {
    this.#isDisabled = true;
  }

  /** Call it when the alarm has gone off or was deleted. */
  forget(): void {
    this.#at = undefined;
  }
}
