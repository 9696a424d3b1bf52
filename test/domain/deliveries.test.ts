import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chooseDeliveries,
  isAcknowledging,
  MAX_ENVIRONMENT_ATTEMPTS,
  MAX_WEBHOOK_ATTEMPTS,
  nextAttemptAt,
} from "../../src/domain/deliveries.ts";
import { DEFAULT_RETRY_AFTER_SECONDS } from "../../src/domain/webhooks.ts";

describe("the schedule", () => {
  it.each([
    [1, 5],
    [2, 30],
    [3, 120],
    [4, 600],
    [5, 3_600],
    [6, 21_600],
    [7, undefined],
  ])("after %i attempts waits %s seconds", (attempts, seconds) => {
    const next = nextAttemptAt(attempts, DEFAULT_RETRY_AFTER_SECONDS, 1_000);
    expect(next).toBe(seconds && 1_000 + seconds * 1_000);
  });

  it("can have no retry", () => expect(nextAttemptAt(1, [], 0)).toBeUndefined());

  it("can retry immediately", () => expect(nextAttemptAt(1, [0], 7)).toBe(7));
});

it.each([
  [200, true],
  [204, true],
  [299, true],
  [199, false],
  [301, false],
  [400, false],
  [500, false],
  [null, false],
])("a status of %s acknowledges: %s", (status, expected) =>
  expect(isAcknowledging(status)).toBe(expected),
);

/** `2:abc` is a webhook with two running attempts and three due deliveries. */
function chosen(...loads: string[]): string {
  const webhooks = loads.map((load) => {
    const [inFlight, due] = load.split(":");
    return { inFlight: Number(inFlight), due: due!.split("") };
  });
  return chooseDeliveries(webhooks).join("");
}

describe("of the due deliveries", () => {
  it.each([
    [["0:abc"], "ab"],
    [["1:abc"], "a"],
    [["2:abc"], ""],
    [["0:ab", "0:cd"], "acbd"],
    [["0:ab", "0:cd", "0:ef"], "acebdf"],
    [["0:ab", "0:cd", "0:ef", "0:gh"], "acegbd"],
    // A webhook that is idle keeps a place.
    [["0:ab", "0:cd", "0:ef", "0:"], "acebd"],
    [["1:b", "1:d", "1:f", "0:"], "bd"],
    [["2:b", "2:d", "1:f", "0:"], ""],
    [["2:b", "2:d", "1:f", "0:x"], "x"],
    [["1:a", "1:b", "1:c", "1:d", "1:e", "1:f"], ""],
    [["1:a", "1:b", "1:c", "1:d", "1:e", "0:f", "0:g"], "f"],
    [[], ""],
  ])("of %j chooses %j", (loads, expected) => expect(chosen(...loads)).toBe(expected));
});

const load = fc.record({
  inFlight: fc.integer({ min: 0, max: MAX_WEBHOOK_ATTEMPTS }),
  due: fc.integer({ min: 0, max: 5 }),
});
const webhooks = fc
  .array(load, { maxLength: 10 })
  .map((loads) =>
    loads.map(({ inFlight, due }, webhook) => ({
      inFlight,
      due: Array.from({ length: due }, (_, index) => ({ webhook, index })),
    })),
  )
  .filter(
    (loads) => loads.reduce((sum, each) => sum + each.inFlight, 0) <= MAX_ENVIRONMENT_ATTEMPTS,
  );

describe("whatever is due and running", () => {
  it("no limit is exceeded, and each webhook's deliveries start in order", () => {
    fc.assert(
      fc.property(webhooks, (loads) => {
        const started = chooseDeliveries(loads);
        const running = loads.reduce((sum, each) => sum + each.inFlight, 0);
        expect(running + started.length).toBeLessThanOrEqual(MAX_ENVIRONMENT_ATTEMPTS);
        for (const [webhook, { inFlight }] of loads.entries()) {
          const own = started.filter((each) => each.webhook === webhook);
          expect(inFlight + own.length).toBeLessThanOrEqual(MAX_WEBHOOK_ATTEMPTS);
          expect(own.map(({ index }) => index)).toEqual(own.map((_, index) => index));
        }
      }),
    );
  });

  it("no webhook gets a second attempt while another one waits for its first", () => {
    fc.assert(
      fc.property(webhooks, (loads) => {
        const started = chooseDeliveries(loads);
        const running = loads.map(
          ({ inFlight }, webhook) =>
            inFlight + started.filter((each) => each.webhook === webhook).length,
        );
        const waits = loads.some(({ due }, webhook) => due.length > 0 && running[webhook] === 0);
        const gaveSecond = started.some(({ webhook }) => running[webhook] === 2);
        expect(waits && gaveSecond).toBe(false);
      }),
    );
  });

  it("of up to six webhooks, one that was idle can always start at once", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_ENVIRONMENT_ATTEMPTS }), (count) => {
        const busy = Array.from({ length: count - 1 }, () => ({
          inFlight: 0,
          due: ["a", "b", "c"],
        }));
        const before = [...busy, { inFlight: 0, due: [] as string[] }];
        expect(chooseDeliveries(before).length).toBeLessThan(MAX_ENVIRONMENT_ATTEMPTS);
      }),
    );
  });
});
