import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { configOf } from "../config.ts";
import { sha256 } from "../domain/sha256.ts";
import type { AppEnv } from "../http/context.ts";
import { unauthenticated } from "../http/errors.ts";
import { findKey, type StoredKey } from "../store/keys.ts";
import { parseCredentials } from "./credentials.ts";
import { keyCache, type KnownKey } from "./key-cache.ts";
import { isSigned, KEY_PREFIX } from "./secrets.ts";

/** Finds the caller's API key and environment. Throws a 401, whose message never contains the key that was sent. */
export const authenticate = createMiddleware<AppEnv>(async (c, next) => {
  const secret = parseCredentials(c.req.header("Authorization"), "API key");
  const now = Date.now();
  const key = await verify(c, secret, now);
  c.set("apiKey", key);
  c.set("sentKey", secret);
  await next();
});

/** Finds the key in this isolate's cache, or else in D1. Throws a 401 if it can't be used. */
async function verify(c: Context<AppEnv>, secret: string, now: number): Promise<StoredKey> {
  // A key with another prefix is probably a production key, so the message says how this sandbox's keys start.
  if (!secret.startsWith(KEY_PREFIX)) {
    throw unauthenticated(
      `The API key is not valid: keys of this sandbox start with ${KEY_PREFIX}.`,
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

/** A key with a wrong signature costs no query. It is not cached either: random keys would fill the cache. */
async function lookUp(c: Context<AppEnv>, secret: string, now: number): Promise<KnownKey> {
  const { keySecrets } = configOf(c.env);
  const isSignatureRequired = keySecrets.length > 0;
  if (isSignatureRequired && !(await isSigned(secret, keySecrets))) return "unknown";
  const key = (await findKey(c.get("db"), await sha256(secret))) ?? "unknown";
  if (isSignatureRequired || key !== "unknown") keyCache.set(secret, key, now);
  return key;
}
