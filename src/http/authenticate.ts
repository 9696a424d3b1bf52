import { createMiddleware } from "hono/factory";
import { findKey } from "../store/keys.ts";
import type { AppEnv } from "./context.ts";
import { ApiError } from "./errors.ts";
import { hashOf } from "./secrets.ts";

/**
 * Finds the partner by the API key, sent as `Authorization: Bearer <key>` or as the user name of Basic
 * with an empty password. 401 without a key that is valid; no message repeats what was sent.
 */
export const authenticate = createMiddleware<AppEnv>(async (c, next) => {
  const secret = secretOf(c.req.header("Authorization"));
  const key = await findKey(c.get("db"), await hashOf(secret));
  if (!key) throw unauthenticated("The API key is not valid: this sandbox has no such key.");
  if (key.deleted_at) throw unauthenticated(`The API key was deleted at ${key.deleted_at}.`);
  c.set("apiKey", key);
  c.set("secret", secret);
  return next();
});

function secretOf(header: string | undefined): string {
  if (header === undefined) {
    throw unauthenticated("No API key came. Send the header Authorization: Bearer <key>.");
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

function unauthenticated(message: string): ApiError {
  // Bearer alone, though Basic works: a browser answers a Basic challenge with a log-in window.
  return new ApiError(
    { type: "AUTHENTICATION_ERROR", message },
    { "WWW-Authenticate": 'Bearer realm="orders-sandbox"' },
  );
}
