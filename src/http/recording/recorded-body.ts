import type { Context } from "hono";
import { fastHash } from "../../domain/fast-hash.ts";
import { idsOf, type RequestIds } from "../../domain/request-subject.ts";
import { recordedText } from "../../domain/recorded-text.ts";
import { MAX_RECORDED_BODY_BYTES } from "../../domain/requests.ts";
import type { AppEnv } from "../context.ts";

/** The maximum time that a response waits for a small body that the route didn't read. */
const UNREAD_BODY_MILLISECONDS = 50;

/** The recorded part of a request's body. It takes far less memory than the body. */
export interface RecordedBody {
  text: string;
  /** Whether the body was shortened, too large to read, or late. */
  isIncomplete: boolean;
  /** Whether the text is exactly what was sent. */
  isExact: boolean;
  /** The hash of the method, the URL and the body; undefined if the body was not read. */
  hash: number | undefined;
  ids: RequestIds;
  /** The fields that a list of requests shows. */
  fields: Record<"type" | "status" | "amount" | "total_order_amount" | "currency", unknown>;
}

/** Frees the body and the values parsed from it, except the recorded part, before a long wait. */
export async function releaseBody(c: Context<AppEnv>): Promise<void> {
  c.set("recordedBody", await recordedBodyOf(c));
  c.req.bodyCache = {};
  c.req.addValidatedData("json", {});
}

export async function recordedBodyOf(c: Context<AppEnv>): Promise<RecordedBody> {
  const recorded = c.get("recordedBody");
  if (recorded) return recorded;
  const body = await readBodyOf(c);
  const { text: sent, isExact } = body instanceof ArrayBuffer ? decode(body) : NOTHING;
  const { text, isCut, isMasked } = recordedText(sent, MAX_RECORDED_BODY_BYTES);
  const content = objectIn(sent);
  const isUnread = body === "unread";
  return {
    text,
    isIncomplete: isUnread || isCut,
    isExact: isExact && !isUnread && !isCut && !isMasked,
    hash: isUnread ? undefined : fastHash(`${c.req.method} ${c.req.url}\n${sent}`),
    ids: idsOf(c.req.path, content, c.req.query()),
    fields: {
      type: content["type"],
      status: content["status"],
      amount: content["amount"],
      total_order_amount: content["total_order_amount"],
      currency: content["currency"],
    },
  };
}

const unread = () => "unread" as const;

/** The body as the route read it. Reads a body that the route didn't, if it is small and arrives in time. */
async function readBodyOf(c: Context<AppEnv>): Promise<ArrayBuffer | "unread" | undefined> {
  const { bodyCache, raw } = c.req;
  // At run time this is a promise, although Hono's type says otherwise.
  if (bodyCache.arrayBuffer) return c.req.arrayBuffer().catch(unread);
  if (raw.method === "GET" || raw.body === null) return undefined;
  const isLong = Number(raw.headers.get("Content-Length") ?? Infinity) > MAX_RECORDED_BODY_BYTES;
  if (isLong || raw.bodyUsed) return "unread";
  return Promise.race([
    c.req.arrayBuffer().catch(unread),
    scheduler.wait(UNREAD_BODY_MILLISECONDS).then(unread),
  ]);
}

const NOTHING = { text: "", isExact: true };
const exactUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(body: ArrayBuffer): { text: string; isExact: boolean } {
  try {
    return { text: exactUtf8.decode(body), isExact: true };
  } catch {
    return { text: new TextDecoder().decode(body), isExact: false };
  }
}

/** The JSON object in a text; empty if the text has none. */
export function objectIn(text: string): Record<string, unknown> {
  // trimStart also removes a byte order mark.
  const json = text.trimStart();
  if (!json.startsWith("{")) return {};
  try {
    return JSON.parse(json) as Record<string, unknown>;
  } catch {
    return {};
  }
}
