import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { findKey, type StoredKey } from "../store/keys.ts";
import type { AppEnv } from "./context.ts";
import { ApiError } from "./errors.ts";
import { keyCache } from "./key-cache.ts";
import { countingFailures, requireFewFailures } from "./rate-limits.ts";
import { hashOf, KEY_PREFIX } from "./secrets.ts";

/**
 * Finds the partner by the API key, sent as `Authorization: Bearer <key>` or as the user name of Basic
 * with an empty password. 401 without a key that is valid; no message repeats what was sent.
 */
export const authenticate = createMiddleware<AppEnv>(async (c, next) => {
  await countingFailures(c, async () => {
    const secret = secretOf(c.req.header("Authorization"), "API key");
    c.set("apiKey", await verify(c, secret, Date.now()));
    c.set("secret", secret);
  });
  return next();
});

/** The key as it is stored: as this isolate remembers it, else in one round trip to D1. */
async function verify(c: Context<AppEnv>, secret: string, now: number): Promise<StoredKey> {
  // Not worth a query; and most often this is a key of production.
  if (!secret.startsWith(KEY_PREFIX)) {
    throw unauthenticated(
      `The API key is not valid: a key of this sandbox starts with ${KEY_PREFIX}.`,
    );
  }
  const key = keyCache.get(secret, now) ?? (await lookUp(c, secret, now));
  if (!key) throw unauthenticated("The API key is not valid: this sandbox has no such key.");
  if (key.deleted_at) throw unauthenticated(`The API key was deleted at ${key.deleted_at}.`);
  return key;
}

async function lookUp(
  c: Context<AppEnv>,
  secret: string,
  now: number,
): Promise<StoredKey | undefined> {
  requireFewFailures(c);
  if (!keyCache.mayLookUp(now)) {
    throw new ApiError({
      type: "RATE_LIMIT_ERROR",
      message: "Too many unknown API keys come at the moment, so no key is looked up for a second.",
    });
  }
  const key = await findKey(c.get("db"), await hashOf(secret));
  if (key) keyCache.set(secret, key, now);
  else keyCache.countUnknown();
  return key;
}

/**
 * What was sent as Bearer, or as the user name of Basic; `what` is its name in the 401 that comes where
 * nothing was.
 */
export function secretOf(header: string | undefined, what: string): string {
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

export function unauthenticated(message: string): ApiError {
  // Bearer alone, though Basic works: a browser answers a Basic challenge with a log-in window.
  return new ApiError(
    { type: "AUTHENTICATION_ERROR", message },
    { "WWW-Authenticate": 'Bearer realm="orders-sandbox"' },
  );
}
