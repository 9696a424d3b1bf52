import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { sha256 } from "../domain/hash.ts";
import { toTimestamp } from "../domain/timestamp.ts";
import type { AppEnv } from "../http/context.ts";
import { ApiError, unauthenticated } from "../http/errors.ts";
import { logError } from "../log.ts";
import { Database } from "../store/database.ts";
import { findKey, markKeyUsed, type StoredKey } from "../store/keys.ts";
import { keyCache, type KnownKey } from "./key-cache.ts";
import { isSigned, KEY_PREFIX } from "./secrets.ts";

/**
 * 503 where no key could be told from a forged one: a sandbox needs a KEY_SECRET, or, where everybody may
 * know its keys, has to say UNSIGNED_KEYS = "on".
 */
export const requireKeySecret = createMiddleware<AppEnv>(async (c, next) => {
  if (c.env.KEY_SECRET || c.env.UNSIGNED_KEYS === "on") return next();
  throw new ApiError({
    type: "SERVICE_UNAVAILABLE_ERROR",
    message:
      "This sandbox has no KEY_SECRET, so it can check no key. Whoever runs it sets one: npx wrangler secret put KEY_SECRET.",
  });
});

/**
 * Finds the environment by the API key, sent as `Authorization: Bearer <key>` or as the user name of Basic
 * with an empty password. 401 without a key that is valid; no message repeats what was sent.
 */
export const authenticate = createMiddleware<AppEnv>(async (c, next) => {
  const secret = parseCredentials(c.req.header("Authorization"), "API key");
  const now = new Date();
  const key = await verify(c, secret, now.getTime());
  c.set("apiKey", key);
  c.set("sentKey", secret);
  await next();
  noteUse(c, key, now);
});

/** The key as it is stored: as this isolate remembers it, else in one round trip to D1. */
async function verify(c: Context<AppEnv>, secret: string, now: number): Promise<StoredKey> {
  // Most often this is a key of production.
  if (!secret.startsWith(KEY_PREFIX)) {
    throw unauthenticated(
      `The API key is not valid: a key of this sandbox starts with ${KEY_PREFIX}.`,
    );
  }
  const key = keyCache.get(secret, now) ?? (await lookUp(c, secret, now));
  if (key === "unknown") {
    throw unauthenticated("The API key is not valid: this sandbox has no such key.");
  }
  if (key.deleted_at !== null) {
    throw unauthenticated(`The API key was deleted at ${key.deleted_at}.`);
  }
  if (key.expires_at !== null && Date.parse(key.expires_at) <= now) {
    throw unauthenticated(`The environment of this API key expired at ${key.expires_at}.`);
  }
  return key;
}

/** What D1 says of a key. A key that nobody has signed costs no query, and no memory: a flood would never repeat one. */
async function lookUp(c: Context<AppEnv>, secret: string, now: number): Promise<KnownKey> {
  const { KEY_SECRET } = c.env;
  if (KEY_SECRET && !(await isSigned(secret, KEY_SECRET))) return "unknown";
  const key = (await findKey(c.get("db"), await sha256(secret))) ?? "unknown";
  if (KEY_SECRET || key !== "unknown") keyCache.set(secret, key, now);
  return key;
}

/** Notes the hour in which a key was used, after the answer, and without its cost. */
function noteUse(c: Context<AppEnv>, key: StoredKey, now: Date): void {
  const hour = toTimestamp(now).replace(/\d\d:\d\dZ$/, "00:00Z");
  if (key.last_used_at !== null && key.last_used_at >= hour) return;
  // What this isolate remembers is this object: the next request has nothing to note.
  key.last_used_at = hour;
  c.executionCtx.waitUntil(
    markKeyUsed(new Database(c.env.DB), key, hour).catch((error) =>
      logError("the use of a key was not noted", error, { request_id: c.get("requestId") }),
    ),
  );
}

/**
 * What was sent as Bearer, or as the user name of Basic; `what` is its name in the 401 that comes where
 * nothing was.
 */
export function parseCredentials(header: string | undefined, what: string): string {
  if (header === undefined) {
    throw unauthenticated(`No ${what} came. Send the header Authorization: Bearer <key>.`);
  }
  const [, scheme = "", credentials = ""] = /^(\S+) +(\S+)$/.exec(header.trim()) ?? [];
  if (scheme.toLowerCase() === "bearer") return credentials;
  if (scheme.toLowerCase() === "basic") return userNameOf(credentials);
  throw unauthenticated(
    "Expected Authorization: Bearer <key>, or Basic with the key as user name.",
  );
}

function userNameOf(credentials: string): string {
  let pair: string | undefined;
  try {
    pair = atob(credentials);
  } catch {
    // Not base64: the answer is the same as without a colon.
  }
  if (!pair?.endsWith(":")) {
    throw unauthenticated(
      "Expected Basic credentials with the key as user name and an empty password: base64(<key>:).",
    );
  }
  return pair.slice(0, -1);
}
