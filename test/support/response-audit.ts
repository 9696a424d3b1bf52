import { afterEach, beforeEach, expect, vi } from "vitest";
import { errorEnvelope } from "../../src/schemas/errors.ts";
import type { ApiResponse } from "./client.ts";

interface Schema {
  parse(body: unknown): unknown;
}

/** Looks at every answer to a hostile request. To be made at the top of a file, since it hooks into its tests. */
export class ResponseAudit {
  /** How often each status was answered, in all of the file's tests. */
  readonly statuses = new Map<number, number>();
  readonly #errors: unknown[] = [];

  constructor() {
    beforeEach(() => {
      this.#errors.length = 0;
      vi.spyOn(console, "error").mockImplementation((entry) => this.#errors.push(entry));
    });
    afterEach(() => vi.restoreAllMocks());
  }

  get requests(): number {
    return this.statuses.values().reduce((sum, count) => sum + count, 0);
  }

  /** A 4xx in the envelope, or a 2xx that is what its schema says; and no error in the log. */
  expectResponse({ status, text, body }: ApiResponse, schema: Schema): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    expect(this.#errors).toEqual([]);
    if (status === 204) return;
    if (status >= 200 && status < 300) schema.parse(body);
    else {
      expect(status, text).toBeGreaterThanOrEqual(400);
      expect(status, text).toBeLessThan(500);
      errorEnvelope.strict().parse(body);
      expect(text).not.toMatch(/SQLITE|D1_ERROR|\bat \w+ \(/);
    }
  }

  report(): void {
    const counts = [...this.statuses].toSorted(([one], [other]) => one - other);
    console.log(`answers by status: ${counts.map((each) => each.join(" × ")).join(", ")}`);
  }
}

/** For what only has to be JSON. */
export const anyJson: Schema = { parse: (body) => expect(body).toBeTypeOf("object") };
