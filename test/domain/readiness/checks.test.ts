import { describe, expect, it } from "vitest";
import {
  CHECKS,
  ENVIRONMENT_CHECK_IDS,
  type EnvironmentCheckId,
} from "../../../src/domain/readiness/checks.ts";
import type { CardFacts, ObservedNotification } from "../../../src/domain/readiness/facts.ts";
import type { CheckStatus } from "../../../src/domain/readiness/verdict.ts";
import { MAX_RECORDED_REQUESTS } from "../../../src/domain/requests.ts";
import { attempt, DUPLICATE, notification, REVERSED, TWICE } from "./notifications.ts";
import {
  call,
  capture,
  conflict,
  factsOf,
  found,
  NO_CARD_FACTS,
  order,
  page,
  refund,
  replaced,
  replay,
  type StoryRequest,
} from "./requests.ts";

type Story = [
  title: string,
  requests: StoryRequest[],
  card?: CardFacts,
  notifications?: ObservedNotification[],
];

const CARD: CardFacts = {
  ...NO_CARD_FACTS,
  transactions: 1,
  agreeing: 1,
  agreeing_ids: ["txn-1"],
};
const UNFOUNDED: CardFacts = { ...CARD, without_card: 1, without_card_ids: ["txn-2"] };
const DISAGREEING: CardFacts = {
  ...CARD,
  disagreeing: 1,
  disagreements: [
    { network_transaction_id: "txn-2", order_event_ids: ["e-1"], findings: ["amount_differs"] },
  ],
};

/** The stories of a check about a fault that hides whether the request took effect. */
const retries = (
  fault: "lost_response" | "cut_response" | "error_after_commit" | "bad_gateway",
): Record<CheckStatus, Story[]> => ({
  passed: [
    ["with the same ID", [capture("e-1", 100, replaced(fault)), capture("e-1", 100, replay)]],
    [
      "with the same Idempotency-Key",
      [
        capture(undefined, 100, { ...replaced(fault), trace: { idempotency_key: 7 } }),
        capture(undefined, 100, { ...replay, trace: { idempotency_key: 7 } }),
      ],
    ],
    [
      "at the second attempt",
      [
        capture("e-1", 100, replaced(fault)),
        capture("e-1", 100, { ...replaced(fault), ...replay }),
        capture("e-1", 100, replay),
      ],
    ],
    [
      "and later the same is captured again",
      [capture("e-1", 100, replaced(fault)), capture("e-1", 100, replay), capture("e-2", 100)],
    ],
    ["an order", [order(replaced(fault)), order(replay)]],
    [
      "not, but read by its ID",
      [capture("e-1", 100, replaced(fault)), found("e-1", { order_event_id: "e-1" })],
    ],
    [
      "not, but read by its partner ID",
      [
        capture("e-1", 100, { ...replaced(fault), partner_event_id: "p-1" }),
        found("e-1", { order_id: null, partner_event_id: "p-1" }),
      ],
    ],
    [
      "not, but read as an order",
      [order(replaced(fault)), found("order-1", { path: "/v2/orders", order_id: "order-1" })],
    ],
  ],
  failed: [
    ["with a new ID", [capture("e-1", 100, replaced(fault)), capture("e-2", 100)]],
    ["never", [capture("e-1", 100, replaced(fault)), call("GET", "/v2/orders")]],
    [
      "not, and read before",
      [found("e-1", { order_event_id: "e-1" }), capture("e-1", 100, replaced(fault))],
    ],
    [
      "not, and read without a filter",
      [capture("e-1", 100, replaced(fault)), found("e-1", { order_event_id: null })],
    ],
    [
      "not, and not found",
      [capture("e-1", 100, replaced(fault)), found("e-2", { order_event_id: "e-1" })],
    ],
    [
      "not, and the response to the read was lost",
      [
        capture("e-1", 100, replaced(fault)),
        found("e-1", { order_event_id: "e-1", fault: "lost_response", status: null }),
      ],
    ],
    ["without an ID", [capture(undefined, 100, replaced(fault)), capture(undefined, 100)]],
    [
      "with other content",
      [capture("e-1", 100, replaced(fault)), capture("e-1", 200, conflict("order_event_id"))],
    ],
    [
      "one of two",
      [
        capture("e-1", 100, replaced(fault)),
        capture("e-1", 100, replay),
        capture("e-2", 100, replaced(fault)),
      ],
    ],
  ],
  not_seen: [
    ["without the fault", [capture("e-1", 100), capture("e-1", 100, replay)]],
    ["with another fault", [capture("e-1", 100, replaced("delay"))]],
    ["of a read", [call("GET", "/v2/orders", { fault, status: 502 })]],
  ],
});

const waiting = (
  fault: "unavailable" | "rate_limited",
  status: number,
): Record<CheckStatus, Story[]> => {
  const rejected = (fields = {}) => capture("e-1", 100, { fault, status, ...fields });
  return {
    passed: [
      ["after Retry-After", [rejected({ retry_after: 1 }), capture("e-1", 100, { pause: 1_000 })]],
      ["an invalid one too", [rejected(), rejected(), capture("e-1", 100)]],
      [
        "a deletion",
        [
          call("DELETE", "/v2/orders/order-1", { fault, status }),
          call("DELETE", "/v2/orders/order-1"),
        ],
      ],
    ],
    failed: [
      ["too early", [rejected({ retry_after: 1 }), capture("e-1", 100, { pause: 900 })]],
      ["never", [rejected()]],
      ["under a new ID", [rejected(), capture("e-2", 100)]],
    ],
    not_seen: [
      ["without the fault", [capture("e-1", 100)]],
      ["of a read", [call("GET", "/v2/orders", { fault, status })]],
      ["and given up after three attempts", [rejected(), rejected(), rejected()]],
    ],
  };
};

/** Attempts after these pauses, of which all but the last are rejected. */
const busy = (pauses: number[], retry_after = 0): StoryRequest[] =>
  [0, ...pauses].map((pause, index) => {
    const rejected = { fault: "unavailable" as const, status: 503, retry_after };
    return capture("e-1", 100, index < pauses.length ? { ...rejected, pause } : { pause });
  });
const unknownOrder = (fields = {}) =>
  capture("e-9", 100, { status: 404, order_id: "none", ...fields });
const tooMuch = (fields = {}) => refund("e-9", 9_000, { ...conflict("amount"), ...fields });
const keyTwo = { trace: { key_id: 2 } };
const invalid = { status: 400 };
const withRewards = { trace: { has_lines: true as const, rewards_amount: 25 } };

/** A story without requests. */
const received = (title: string, ...notifications: ObservedNotification[]): Story => [
  title,
  [],
  NO_CARD_FACTS,
  notifications,
];

/** The stories of a check of signatures. */
const signatures = (
  fault: "invalid_signature" | "stale_signature",
): Record<CheckStatus, Story[]> => ({
  passed: [
    received("refused", notification("n-1", [attempt(401), attempt(200)], { fault })),
    received(
      "refused, while another is acknowledged",
      notification("n-1", [attempt(401)], { fault }),
      notification("n-2", [attempt(200)]),
    ),
  ],
  failed: [
    received("accepted", notification("n-1", [attempt(200)], { fault })),
    received("crashed", notification("n-1", [attempt(500), attempt(200)], { fault })),
  ],
  not_seen: [
    received("without a response", notification("n-1", [attempt(null)], { fault })),
    received("as every one is", notification("n-1", [attempt(401), attempt(401)], { fault })),
    received(
      "while another webhook acknowledges",
      notification("n-1", [attempt(401)], { fault }),
      notification("n-2", [attempt(200, { webhook_id: "w-2" })]),
    ),
    received(
      "while only the other forgery is acknowledged",
      notification("n-1", [attempt(401)], { fault }),
      notification("n-2", [attempt(200)], {
        fault: fault === "invalid_signature" ? "stale_signature" : "invalid_signature",
      }),
    ),
    received("another", notification("n-1", [attempt(401)])),
  ],
});

/** The stories of each check, by the status that it must return. */
const STORIES: Record<EnvironmentCheckId, Record<CheckStatus, Story[]>> = {
  repeatable_creations: {
    passed: [
      ["with IDs", [order(), capture("e-1")]],
      ["with a key", [capture(undefined, 1, { trace: { idempotency_key: 7 } })]],
    ],
    failed: [["one without either", [order(), capture(undefined)]]],
    not_seen: [
      ["without creations", [call("GET", "/v2/orders")]],
      ["if all were rejected", [capture(undefined, 1, invalid)]],
    ],
  },
  distinct_creations: {
    passed: [
      ["with two IDs", [capture("e-1"), capture("e-2")]],
      ["with a repetition", [order(), capture("e-1"), capture("e-1", 5_000, replay)]],
      [
        "after a deletion",
        [
          order(),
          call("DELETE", "/v2/orders/order-1"),
          order({ content: { amount: 1 } }),
          capture("e-1"),
        ],
      ],
    ],
    failed: [
      ["with one ID", [capture("e-1"), capture("e-1", 1, conflict("order_event_id"))]],
      [
        "with one key",
        [
          capture(undefined, 1, { trace: { idempotency_key: 7 } }),
          capture(undefined, 2, {
            status: 422,
            error: { type: "IDEMPOTENCY_ERROR", message: "Used." },
            trace: { idempotency_key: 7 },
          }),
        ],
      ],
    ],
    not_seen: [["with one creation", [capture("e-1")]]],
  },
  lost_response: retries("lost_response"),
  cut_response: retries("cut_response"),
  error_after_commit: retries("error_after_commit"),
  proxy_page: retries("bad_gateway"),
  unavailable: waiting("unavailable", 503),
  rate_limited: waiting("rate_limited", 429),
  growing_pauses: {
    passed: [
      ["doubling", busy([100, 200, 400, 800])],
      ["with jitter", busy([100, 90, 95, 150])],
      ["with jitter that starts long", busy([1_909, 1_209, 1_508, 1_806], 1)],
      ["under Retry-After, at the end", busy([1_000, 1_000, 1_000, 2_000], 1)],
    ],
    failed: [
      ["constant", busy([100, 100, 100, 104])],
      ["constant, with jitter", busy([100, 100, 111, 100])],
      ["none", busy([0, 0, 0, 0])],
      ["almost none", busy([2, 3, 2, 3])],
      ["shrinking", busy([400, 200, 100, 50])],
      ["constant, longer than Retry-After", busy([2_000, 2_010, 2_005, 2_000], 1)],
      ["one of two", [...busy([100, 200, 400, 800]), ...busy([100, 100, 100, 100])]],
    ],
    not_seen: [
      ["after three rejections", busy([100, 100, 100])],
      ["under Retry-After", busy([1_049, 1_032, 1_014, 1_058], 1)],
    ],
  },
  no_blind_retries: {
    passed: [
      ["once", [unknownOrder()]],
      ["with one retry", [unknownOrder(), unknownOrder()]],
      [
        "after the order was created",
        [
          unknownOrder(),
          unknownOrder(),
          order({ order_id: "none" }),
          unknownOrder(),
          unknownOrder(),
        ],
      ],
      [
        "an hour later",
        [unknownOrder(), unknownOrder(), unknownOrder({ pause: 3_600_000 }), unknownOrder()],
      ],
    ],
    failed: [["with two retries", [unknownOrder(), unknownOrder(), unknownOrder()]]],
    not_seen: [
      ["without refusals", [capture("e-1")]],
      ["of reads", [1, 2, 3].map(() => call("GET", "/v2/transactions/1", { status: 404 }))],
    ],
  },
  refund_refused: {
    passed: [["once", [capture("e-1"), tooMuch()]]],
    failed: [["and repeated", [capture("e-1"), tooMuch(), tooMuch(), tooMuch()]]],
    not_seen: [["because of something else", [refund("e-9", 1, invalid)]]],
  },
  several_captures: {
    passed: [["two", [order(), capture("e-1", 2_000), capture("e-2", 3_000)]]],
    failed: [
      [
        "beyond the total",
        [order(), capture("e-1"), capture("e-2", 5_000, { warning: "captured_beyond_total" })],
      ],
    ],
    not_seen: [
      ["one", [order(), capture("e-1")]],
      ["one, repeated", [order(), capture("e-1"), capture("e-1", 5_000, replay)]],
      ["two of two orders", [capture("e-1"), capture("e-2", 5_000, { order_id: "order-2" })]],
    ],
  },
  partial_refund: {
    passed: [["less than captured", [capture("e-1"), refund("e-2", 1_000)]]],
    failed: [["invalid", [capture("e-1"), refund("e-2", 1_000, invalid)]]],
    not_seen: [
      ["all", [capture("e-1"), refund("e-2", 5_000)]],
      ["too much", [capture("e-1"), tooMuch()]],
    ],
  },
  full_refund: {
    passed: [
      ["in one event", [capture("e-1"), refund("e-2", 5_000)]],
      ["in two events", [capture("e-1"), refund("e-2", 1_000), refund("e-3", 4_000)]],
    ],
    failed: [["invalid", [capture("e-1"), refund("e-2", 5_000, invalid)]]],
    not_seen: [["a part", [capture("e-1"), refund("e-2", 1_000)]]],
  },
  line_refund: {
    passed: [
      ["with rewards", [capture("e-1"), refund("e-2", 2_500, withRewards)]],
      [
        "among others",
        [
          capture("e-1"),
          refund("e-2", 1, { warning: "refund_without_rewards" }),
          refund("e-3", 2_500, withRewards),
        ],
      ],
    ],
    failed: [
      ["without", [capture("e-1"), refund("e-2", 1, { warning: "refund_without_rewards" })]],
    ],
    not_seen: [["where there were none", [capture("e-1"), refund("e-2", 1)]]],
  },
  order_changed: {
    passed: [
      ["by PUT", [order(), call("PUT", "/v2/orders/order-1")]],
      [
        "by an event's deletion",
        [
          capture("e-1"),
          call("DELETE", "/v2/order_events/e-1", { order_event_id: "e-1", status: 204 }),
        ],
      ],
    ],
    failed: [["in vain", [order(), call("PUT", "/v2/orders/order-1", { status: 409 })]]],
    not_seen: [["never", [order()]]],
  },
  order_cancelled: {
    passed: [
      ["before a capture", [order(), call("DELETE", "/v2/orders/order-1", { status: 204 })]],
      [
        "by a refund, as it was captured",
        [
          order(),
          capture("e-1"),
          call("DELETE", "/v2/orders/order-1", { status: 409 }),
          refund("e-2", 5_000),
        ],
      ],
    ],
    failed: [
      ["in vain", [order(), capture("e-1"), call("DELETE", "/v2/orders/order-1", { status: 409 })]],
    ],
    not_seen: [
      ["an unknown one", [call("DELETE", "/v2/orders/order-1", { status: 404 })]],
      ["never", [order()]],
    ],
  },
  lists_followed: {
    passed: [["to the end", [page(10, true), page(20, true, 10), page(25, false, 20)]]],
    failed: [
      ["the first page only", [page(10, true), page(10, true)]],
      ["the first page of two lists", [page(10, true), page(20, true)]],
    ],
    not_seen: [
      ["with one page", [page(5, false)]],
      ["not to the end", [page(10, true), page(20, true, 10)]],
    ],
  },
  known_names: {
    passed: [["a write", [order()]]],
    failed: [
      ["a field", [order({ warning: "unknown_field" })]],
      ["a parameter", [order(), call("GET", "/v2/orders", { warning: "unknown_parameter" })]],
    ],
    not_seen: [["nothing", []]],
  },
  key_rotated: {
    passed: [
      [
        "while requests go on",
        [
          call("POST", "/v2/keys"),
          call("GET", "/v2/orders", keyTwo),
          call("DELETE", "/v2/keys"),
          call("GET", "/v2/orders", keyTwo),
        ],
      ],
    ],
    failed: [
      [
        "too early",
        [call("POST", "/v2/keys"), call("DELETE", "/v2/keys"), call("GET", "/v2/orders", keyTwo)],
      ],
    ],
    not_seen: [
      ["never", [order()]],
      ["without deleting the first", [call("POST", "/v2/keys"), call("GET", "/v2/orders", keyTwo)]],
      [
        "the new one deleted",
        [call("POST", "/v2/keys"), call("DELETE", "/v2/keys", keyTwo), call("GET", "/v2/orders")],
      ],
    ],
  },
  notification_acknowledged: {
    passed: [received("soon", notification("n-1", [attempt(204, { ms: 4_000 })]))],
    failed: [
      received("late", notification("n-1", [attempt(200, { ms: 5_100 })])),
      received("never", notification("n-1", [attempt(null, { ms: 15_000 }), attempt(200)])),
    ],
    not_seen: [
      received("none"),
      received("refused", notification("n-1", [attempt(500)])),
      received("not sent", notification("n-1", [attempt(null, { ms: 0 })])),
    ],
  },
  duplicate_notification: {
    passed: [
      ["once", [capture("e-1")], NO_CARD_FACTS, [DUPLICATE]],
      [
        "with a repetition",
        [capture("e-1"), capture("e-1", 5_000, replay)],
        NO_CARD_FACTS,
        [DUPLICATE],
      ],
      [
        "of a transaction with two captures",
        [capture("e-1"), capture("e-2")],
        NO_CARD_FACTS,
        [DUPLICATE, notification("n-2", [attempt(200)])],
      ],
    ],
    failed: [
      ["twice", [capture("e-1"), capture("e-2")], NO_CARD_FACTS, [DUPLICATE]],
      [
        "not acknowledged",
        [capture("e-1")],
        NO_CARD_FACTS,
        [{ ...DUPLICATE, delivery_status: "failed" }],
      ],
    ],
    not_seen: [
      received("not acted on", DUPLICATE),
      ["without the fault", [capture("e-1")], NO_CARD_FACTS, [notification("n-1", TWICE)]],
      ["pending", [capture("e-1")], NO_CARD_FACTS, [{ ...DUPLICATE, delivery_status: "pending" }]],
    ],
  },
  reordered_notification: {
    passed: [["both reported", [capture("e-1")], CARD, REVERSED]],
    failed: [
      ["and disagree", [capture("e-1")], DISAGREEING, REVERSED],
      [
        "and one not acknowledged",
        [capture("e-1")],
        CARD,
        [REVERSED[0]!, { ...REVERSED[1]!, delivery_status: "failed" }],
      ],
    ],
    not_seen: [
      received("not acted on", ...REVERSED),
      ["in order", [capture("e-1")], CARD, REVERSED.toReversed()],
      ["alone", [capture("e-1")], CARD, REVERSED.slice(0, 1)],
    ],
  },
  invalid_signature: signatures("invalid_signature"),
  stale_signature: signatures("stale_signature"),
  notification_redelivered: {
    passed: [
      received("after an error", notification("n-1", [attempt(500), attempt(200)])),
      received(
        "after a lost one",
        notification("n-1", [attempt(null), attempt(200)], { fault: "lost_notification" }),
      ),
    ],
    failed: [
      received(
        "in vain",
        notification("n-1", [attempt(500), attempt(500)], { delivery_status: "failed" }),
      ),
    ],
    not_seen: [
      received("at first", notification("n-1", [attempt(200)])),
      received("not yet", notification("n-1", [attempt(500), attempt(500)])),
      received(
        "after a forgery",
        notification("n-1", [attempt(401), attempt(200)], { fault: "invalid_signature" }),
      ),
    ],
  },
  card_agrees: {
    passed: [["all agree", [], CARD]],
    failed: [
      ["one differs", [], DISAGREEING],
      ["one differs, and another is unfounded", [], { ...UNFOUNDED, ...DISAGREEING }],
    ],
    not_seen: [
      ["no transactions", [capture("e-1")]],
      ["money that the card has not moved", [], UNFOUNDED],
      ["no order events", [], { ...CARD, agreeing: 0, agreeing_ids: [] }],
    ],
  },
};

describe.each(ENVIRONMENT_CHECK_IDS)("the check %s", (id) => {
  const stories = Object.entries(STORIES[id]).flatMap(([status, all]) =>
    all.map(([title, ...facts]) => [status, title, facts] as const),
  );

  it.each(stories)("is %s: %s", (status, _, [requests, card, notifications]) => {
    const verdict = CHECKS[id].evaluate(factsOf(requests, card, {}, notifications));
    expect(verdict).toMatchObject({ status });
    expect(verdict.reason).toMatch(/^[A-Z\d].*[.…]$/s);
    expect(verdict.evidence.length > 0).toBe(status !== "not_seen");
    expect(verdict.evidence.length).toBeLessThanOrEqual(3);
  });

  it("has a story for each status", () => {
    const counts = Object.values(STORIES[id]).map((each) => each.length);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });
});

const HALF = MAX_RECORDED_REQUESTS / 2;
const ids = Array.from({ length: HALF }, (_, index) => `e-${index}`);
/** The fields that one check may read of each request, on average. */
const MAX_FIELDS = 40;

it.each<[title: string, requests: StoryRequest[]]>([
  [
    "creations that lost their response, and their reads",
    [
      ...ids.map((id) => capture(id, 1, replaced("lost_response"))),
      ...ids.map((id) => found(id, { order_event_id: id })),
    ],
  ],
  [
    "refusals, and changes of another order",
    [
      ...ids.map((id, hash) => refund(id, 1, { ...conflict("amount"), trace: { hash } })),
      ...ids.map((id) => capture(id, 1, { order_id: "order-2" })),
    ],
  ],
])("reads each of many requests a few times: %s", (_, story) => {
  const facts = factsOf(story);
  let reads = 0;
  const requests = facts.requests.map(
    (request) =>
      new Proxy(request, {
        get(target, name) {
          reads += 1;
          return target[name as keyof typeof target];
        },
      }),
  );
  for (const id of ENVIRONMENT_CHECK_IDS) {
    reads = 0;
    CHECKS[id].evaluate({ ...facts, requests });
    expect(reads, id).toBeLessThan(MAX_FIELDS * requests.length);
  }
});
