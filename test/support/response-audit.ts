import { afterEach, beforeEach, expect, vi } from "vitest";
import { bareError, errorEnvelope } from "../../src/schemas/errors.ts";
import type { ApiResponse } from "./client.ts";

interface Schema {
  parse(body: unknown): unknown;
}

/** Checks the responses to hostile requests. It registers hooks, so create it at the top of a file. */
export class ResponseAudit {
  /** The number of responses by status, over all tests of the file. */
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

  /** Expects a 4xx with an error or a 2xx that matches the schema, and no error in the log. */
  expectResponse({ status, text, body }: ApiResponse, schema: Schema): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    expect(this.#errors).toEqual([]);
    if (status === 204) return;
    if (status >= 200 && status < 300) schema.parse(body);
    else {
      expect(status, text).toBeGreaterThanOrEqual(400);
      expect(status, text).toBeLessThan(500);
      // The card side publishes its own form for some errors, which the OpenAPI document checks.
      const isBare = body.error === undefined && (status === 404 || status === 409);
      (isBare ? bareError : errorEnvelope.strict()).parse(body);
      expect(text).not.toMatch(/SQLITE|D1_ERROR|\bat \w+ \(/);
    }
  }

  report(): void {
    const counts = [...this.statuses].toSorted(([one], [other]) => one - other);
    console.log(`responses by status: ${counts.map((each) => each.join(" × ")).join(", ")}`);
  }
}

/** Accepts any JSON object. */
export const anyJson: Schema = { parse: (body) => expect(body).toBeTypeOf("object") };
