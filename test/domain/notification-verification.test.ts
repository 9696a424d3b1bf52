import { describe, expect, it, onTestFinished, vi } from "vitest";
import { changesBetween } from "../../src/domain/body-changes.ts";
import {
  hexDigest,
  importKey,
  signAt,
  signNotification,
  wrongToken,
} from "../../src/domain/notification-signature.ts";
import { verifyNotification } from "../../src/domain/notification-verification.ts";
import { MAX_NOTIFICATION_BYTES } from "../../src/domain/notifications.ts";
import { MAX_WEBHOOKS } from "../../src/domain/webhooks.ts";

const AT = Date.parse("2026-01-15T09:30:00.123Z");
const TOKEN = "whsec_one";
const BODY = JSON.stringify({
  object: "TRANSACTION",
  data: {
    transaction_id: "t-1",
    event_id: "e-1",
    amount: 5000,
    intent_id: null,
    merchant: { name: "Café <Ü>", tags: ["a/b", { n: 1 }], address: {} },
  },
});

/** Computed by Python's `hmac` over `{"object":"TRANSACTION"}`. */
const VECTORS = [
  ["token", "milliseconds", "389f78e00d94c4218b471f211c6a76c9ba9b4792416001d3e213a72673b31919"],
  ["token", "seconds", "ecb82e5f33d823267eb7ba0f8af1f4eee05c470287789fa1141d64e73fd6c1e7"],
  ["sha256", "milliseconds", "d836bfd059072bd77e7ed13141893acdeb0a4f9c122bbac0f78e63850ee727f1"],
  ["sha256", "seconds", "0952d93e14118bfb184f07d2d31711ba37a079af3fb57514a4bd8885d6bd0378"],
  [
    "sha256_hex",
    "milliseconds",
    "5c532a61db3fae661ef41fe2498e2ebc8d766d6483230a7a6f542998d41fa04a",
  ],
  ["sha256_hex", "seconds", "44249cd116f70c9f63d63c82c969a7316393dbed56c06455da0269947b092768"],
] as const;
const TIMES = { milliseconds: "1768469400123", seconds: "1768469400" };

describe("signNotification", () => {
  it.each(VECTORS)(
    "signs with key %s and timestamp %s as Python does",
    async (key, timestamp, s) => {
      const options = { token: TOKEN, body: '{"object":"TRANSACTION"}', at: AT };
      const header = await signNotification({ ...options, key, timestamp });
      expect(header).toBe(`t=${TIMES[timestamp]},s=${s}`);
    },
  );

  it("signs bytes that are not UTF-8", async () => {
    const body = Uint8Array.of(0xff, 0x00, 0x7b);
    const header = await signNotification({ token: TOKEN, body, at: AT });
    const signature = "e4c7e00208028e4aa52d962e7dbb7b3f29ab9ab5be32530fbcb3525b261c2ef5";
    expect(header).toBe(`t=${AT},s=${signature}`);
    const options = { header, tokens: [{ token: TOKEN }], now: AT };
    expect(await verifyNotification({ ...options, body })).toMatchObject({ valid: true });
    const cut = body.slice(1);
    expect(await verifyNotification({ ...options, body: cut })).toMatchObject({
      reason: "no_match",
    });
  });
});

const HEADER = await signNotification({ token: TOKEN, body: BODY, at: AT });
const [, SIGNATURE = ""] = HEADER.split(",s=");

/** Six bodies, two times, and of each webhook's token three forms and the one of the fault. */
const MAX_SIGNATURES = 6 * 2 * MAX_WEBHOOKS * 4;

type Options = Parameters<typeof verifyNotification>[0];
const verify = (options: Partial<Options>) =>
  verifyNotification({
    header: HEADER,
    body: BODY,
    tokens: [{ token: TOKEN }],
    now: AT + 1000,
    ...options,
  });

const python = BODY.replaceAll(":", ": ")
  .replaceAll(",", ", ")
  .replace("é", "\\u00e9")
  .replace("Ü", "\\u00dc");
const otherOrder = JSON.stringify({ data: JSON.parse(BODY).data, object: "TRANSACTION" });
/** Creates a header whose `t` isn't the signed one. */
async function converted(time: string, signed: string): Promise<string> {
  const header = await signAt(signed, await importKey(TOKEN, "token"), BODY);
  return header.replace(/\d+/, time);
}
const toSeconds = await converted(TIMES.seconds, `${TIMES.seconds}000`);
const toMilliseconds = await converted(`${TIMES.seconds}000`, TIMES.seconds);
const inSeconds = await signNotification({
  token: TOKEN,
  body: BODY,
  at: AT,
  timestamp: "seconds",
});
const hashedToken = await hexDigest(TOKEN);
const hashed = await signNotification({ token: TOKEN, body: BODY, at: AT, key: "sha256" });
const withWrongToken = await signNotification({ token: wrongToken(TOKEN), body: BODY, at: AT });
const withNewline = await signNotification({ token: TOKEN, body: `${BODY}\n`, at: AT });

describe("verifyNotification", () => {
  it.each([
    ["a text", {}],
    ["bytes", { body: new TextEncoder().encode(BODY) }],
    ["the second of two tokens", { tokens: [{ token: "other" }, { token: TOKEN }] }],
    ["a signature at the limit of the tolerance", { now: AT + 300_000 }],
    ["a signature from the near future", { now: AT - 300_000 }],
    ["upper-case digits", { header: `t=${AT},s=${SIGNATURE.toUpperCase()}` }],
    ["whitespace around the header", { header: ` ${HEADER} ` }],
  ] satisfies [string, Partial<Options>][])("accepts %s", async (_, options) => {
    expect(await verify(options)).toEqual({
      valid: true,
      reason: null,
      message: "The signature is valid.",
    });
  });

  it.each(VECTORS)("accepts key %s and timestamp %s", async (key, timestamp) => {
    const header = await signNotification({ token: TOKEN, body: BODY, at: AT, key, timestamp });
    expect(await verify({ header, tokens: [{ token: TOKEN, key, timestamp }] })).toMatchObject({
      valid: true,
    });
  });

  it.each<[string, string, Partial<Options>, string]>([
    [
      "another token",
      "other_token",
      { tokens: [{ token: "x" }], other_tokens: [{ token: TOKEN }] },
      "another token",
    ],
    [
      "another token with its own form",
      "other_token",
      {
        tokens: [{ token: "x" }],
        header: hashed,
        other_tokens: [{ token: TOKEN, key: "sha256" }],
      },
      "another token",
    ],
    ["an unknown token", "no_match", { tokens: [{ token: "x" }] }, "No known token"],
    ["no token", "no_match", { tokens: [] }, "No known token"],
    [
      "a hashed token",
      "token_hashed",
      { tokens: [{ token: hashedToken }], other_tokens: [{ token: TOKEN }] },
      "use the token itself",
    ],
    [
      "a key that should be hashed",
      "token_hashed",
      { tokens: [{ token: TOKEN, key: "sha256" }] },
      "key is the token itself, but the token's SHA-256 was expected",
    ],
    [
      "a key that should be hashed to hex",
      "token_hashed",
      { tokens: [{ token: TOKEN, key: "sha256_hex" }] },
      "but the hex of the token's SHA-256 was expected",
    ],
    [
      "milliseconds instead of seconds",
      "timestamp_unit",
      { tokens: [{ token: TOKEN, timestamp: "seconds" }] },
      "is in milliseconds, but seconds were expected",
    ],
    [
      "seconds instead of milliseconds",
      "timestamp_unit",
      { header: inSeconds },
      "is in seconds, but milliseconds were expected",
    ],
    [
      "a t converted to seconds",
      "timestamp_unit",
      { header: toSeconds },
      "over t=1768469400000, but the header you passed has t=1768469400",
    ],
    [
      "a t converted to milliseconds",
      "timestamp_unit",
      {
        header: toMilliseconds,
        tokens: [{ token: TOKEN, timestamp: "seconds" }],
      },
      "over t=1768469400, but",
    ],
    ["a newline at the end", "trailing_newline", { body: `${BODY}\n` }, "has a newline at its end"],
    [
      "two newlines at the end",
      "trailing_newline",
      { body: `${BODY}\r\n\n` },
      "has a newline at its end",
    ],
    ["a missing newline", "trailing_newline", { header: withNewline }, "lacks the newline"],
    [
      "indentation",
      "body_reserialized",
      { body: JSON.stringify(JSON.parse(BODY), null, 2) },
      "whitespace differs",
    ],
    [
      "a changed number form",
      "body_reserialized",
      { body: BODY.replace("5000", "5000.0") },
      "a number has another form in data.amount: 5000 was sent, 5000.0 received",
    ],
    [
      "escapes",
      "body_reserialized",
      { body: BODY.replace("a/b", "a\\/b") },
      String.raw`escapes differ in data.merchant.tags[0]: "a/b" was sent, "a\/b" received`,
    ],
    [
      "a body that Python serialized again",
      "body_reserialized",
      { body: python },
      "whitespace differs; escapes differ in data.merchant.name",
    ],
    [
      "another order of keys",
      "body_reserialized",
      { body: otherOrder, sent_body: BODY },
      "the order of keys differs: object, data was sent, data, object received",
    ],
    [
      "another order of keys, without the body as it was sent",
      "no_match",
      { body: otherOrder },
      "Verify over the raw body",
    ],
    [
      "a changed value",
      "body_changed",
      { body: BODY.replace("5000", "5001"), sent_body: BODY },
      "a value differs in data.amount: 5000 was sent, 5001 received",
    ],
    [
      "a missing null",
      "body_changed",
      { body: BODY.replace('"intent_id":null,', ""), sent_body: BODY },
      "a field is missing or was added in data.intent_id: null was sent, nothing received",
    ],
    [
      "a body that isn't JSON",
      "body_changed",
      { body: "event_id=e-1", sent_body: BODY },
      "The body isn't the one that was sent.",
    ],
    [
      "an old signature",
      "too_old",
      { now: AT + 600_000 },
      "signed 600 seconds ago, more than the tolerance of 300",
    ],
    [
      "an old signature of the sandbox's own",
      "too_old",
      { now: AT + 600_000, fault: "stale_signature" },
      "dated the signature of its first attempt ten minutes back",
    ],
    [
      "a wrong token of the sandbox's own",
      "fault",
      { header: withWrongToken, fault: "invalid_signature" },
      "the sandbox signed its first attempt with a wrong token",
    ],
    [
      "a wrong token of the sandbox's own, of another webhook",
      "fault",
      {
        header: withWrongToken,
        fault: "invalid_signature",
        tokens: [{ token: "x" }],
        other_tokens: [{ token: TOKEN }],
      },
      "the sandbox signed its first attempt with a wrong token",
    ],
    [
      "a wrong token without the fault",
      "no_match",
      { header: withWrongToken, fault: "duplicate_notification" },
      "No known token",
    ],
    [
      "a signature beyond a tolerance",
      "too_old",
      { now: AT + 11_000, tolerance_seconds: 10 },
      "signed 11 seconds ago",
    ],
    [
      "a signature from the future",
      "in_future",
      { now: AT - 301_000 },
      "301 seconds in the future",
    ],
    ["an empty header", "cut_header", { header: "" }, "lacks t"],
    [
      "a header without its end",
      "cut_header",
      { header: HEADER.slice(0, -10) },
      "54 of the 64 digits",
    ],
    ["a header without s", "cut_header", { header: `t=${AT}` }, "0 of the 64 digits"],
    ["a header without t", "cut_header", { header: `s=${SIGNATURE}` }, "lacks t"],
    [
      "a folded header",
      "folded_header",
      { header: HEADER.replace(",", ",\r\n ") },
      `without its whitespace it is ${HEADER}`,
    ],
    [
      "a header with its name",
      "malformed_header",
      { header: `X-IMPRINT-HMAC-SIGNATURE: ${HEADER}` },
      "Expected a header like t=",
    ],
    [
      "two headers",
      "malformed_header",
      { header: `${HEADER}, ${HEADER}` },
      "Expected a header like t=",
    ],
    [
      "a header in another format",
      "malformed_header",
      { header: `t=${AT},v1=${SIGNATURE}` },
      "Expected a header like t=",
    ],
  ])("explains %s: %s", async (_, reason, options, message) => {
    const verification = await verify(options);
    expect(verification).toMatchObject({ valid: false, reason });
    expect(verification.message).toContain(message);
  });

  it("reports several reasons, with the code of the first", async () => {
    const verification = await verify({
      header: HEADER.replace(",", ", "),
      body: python,
      tokens: [{ token: "x" }],
      other_tokens: [{ token: TOKEN }],
      now: AT + 600_000,
    });
    expect(verification.reason).toBe("folded_header");
    for (const part of ["folded", "whitespace differs", "another token", "600 seconds ago"]) {
      expect(verification.message).toContain(part);
    }
  });

  it("accepts the retry after a fault", async () => {
    for (const fault of ["invalid_signature", "stale_signature"] as const) {
      expect(await verify({ fault })).toMatchObject({ valid: true });
    }
  });

  it(`tries at most ${MAX_SIGNATURES} signatures, with the most webhooks and the longest body`, async () => {
    const verified = vi.spyOn(crypto.subtle, "verify");
    onTestFinished(() => verified.mockRestore());
    const tokens = Array.from({ length: MAX_WEBHOOKS }, (_, index) => ({
      token: `token-${index}`,
    }));
    const data = { event_id: "e-1", text: "é".padEnd(MAX_NOTIFICATION_BYTES - 100, "x") };
    const sent_body = JSON.stringify({ object: "REWARD", data });
    const body = sent_body.replace(":", ": ").replace("e-1", "e-2");
    const began = performance.now();
    const others = { tokens, other_tokens: tokens, sent_body, fault: "invalid_signature" } as const;
    expect(await verify({ body, ...others })).toMatchObject({ reason: "no_match" });
    const ms = Math.round(performance.now() - began);
    console.log(`${verified.mock.calls.length} signatures of ${body.length} characters: ${ms} ms`);
    expect(verified.mock.calls.length).toBeGreaterThan(MAX_SIGNATURES / 2);
    expect(verified.mock.calls.length).toBeLessThanOrEqual(MAX_SIGNATURES);
  });

  it("expects the signature that the receiver computes from its body and token", async () => {
    expect(await verify({ body: `${BODY}\n` })).toMatchObject({
      expected: withNewline,
    });
    expect(await verify({ header: `s=${SIGNATURE}` })).not.toHaveProperty("expected");
  });

  it("reports the changes of a body that no token signed", async () => {
    const options = { tokens: [{ token: "x" }], sent_body: BODY };
    expect(await verify({ ...options, body: BODY.replace("e-1", "e-2") })).toMatchObject({
      reason: "no_match",
      changes: [{ kind: "values", path: "data.event_id", sent: '"e-1"', received: '"e-2"' }],
    });
  });
});

describe("changesBetween", () => {
  it.each([
    ["the same", '{"a":[]}', '{"a":[]}', []],
    ["an emptied list", '{"a":[1]}', '{"a":[]}', ["fields"]],
    ["an object that became a list", '{"a":{}}', '{"a":[]}', ["values"]],
    ["a text that became a number", '{"a":"1"}', '{"a":1}', ["values"]],
    ["other keys in a list's object", '[{"a":1,"b":2}]', '[{"b":2,"a":1}]', ["key_order"]],
    ["escaped keys", '{"é":1}', String.raw`{"\u00e9":1}`, []],
    [
      "braces and escaped quotes in texts",
      String.raw`{"a":"{\"b\":[,"}`,
      String.raw`{"a":"{\u0022b\":[,"}`,
      ["escapes"],
    ],
    ["large numbers", "[12345678901234567890]", "[12345678901234567000]", ["numbers"]],
    ["no JSON", "{", "{}", undefined],
    ["a deep text", "[".repeat(40) + "]".repeat(40), "[]", ["fields"]],
    ["a text whose paths are too long", "[".repeat(4_000) + "]".repeat(4_000), "[]", undefined],
  ])("finds %s", (_, sent, received, kinds) => {
    expect(changesBetween(sent, received)?.map(({ kind }) => kind)).toEqual(kinds);
  });

  it("cuts long paths", () => {
    const [change] = changesBetween(`{"${"a".repeat(500)}":1}`, `{"${"a".repeat(500)}":2}`)!;
    expect(change!.path).toBe(`${"a".repeat(80)}…`);
  });
});

const MAX_CHARACTERS = 2 * MAX_NOTIFICATION_BYTES;
const keysEndingIn = (end: string) =>
  Object.fromEntries(Array.from({ length: 12_800 }, (_, at) => [at.toString(36) + end, 0]));

describe("large bodies", () => {
  it.each([
    ["many unknown keys", JSON.stringify(keysEndingIn("a")), JSON.stringify(keysEndingIn("b"))],
    ["newlines before the last character", "{}", `${"\n".repeat(MAX_CHARACTERS / 8)}x`],
    ["values below a long key", "{}", `{"${"a".repeat(30_000)}":[${"0,".repeat(20_000)}0]}`],
    ["deep lists", "{}", "[".repeat(MAX_CHARACTERS / 2) + "]".repeat(MAX_CHARACTERS / 2)],
  ])("are verified in less than two seconds of CPU time: %s", async (_, sent_body, body) => {
    expect(body.length).toBeLessThanOrEqual(MAX_CHARACTERS);
    const began = process.cpuUsage();
    const verified = await verifyNotification({
      header: `t=${AT},s=${"ab".repeat(32)}`,
      body,
      sent_body,
      tokens: [{ token: TOKEN }],
      now: AT,
    });
    expect(verified.reason).toBe("no_match");
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(2_000);
    expect(JSON.stringify(verified).length).toBeLessThan(10_000);
  });
});
