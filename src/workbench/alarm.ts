/** A workbench's only alarm, set for the earliest time at which anything is due. */
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

  /** Sets the alarm to this time, unless it is already set to an earlier one. */
  async ensure(at: number): Promise<void> {
    if (this.#isDisabled || (this.#at !== undefined && this.#at <= at)) return;
    this.#at = at;
    await this.#storage.setAlarm(at);
  }

  /** Prevents further alarms. */
  disable(): void {
    this.#isDisabled = true;
  }

  /** Call it when the alarm has gone off or was deleted. */
  forget(): void {
    this.#at = undefined;
  }
}
