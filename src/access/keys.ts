import type { Context } from "hono";
import { configOf } from "../config.ts";
import { toTimestamp } from "../domain/timestamp.ts";
import type { AppEnv } from "../http/context.ts";
import { ApiError, unauthenticated } from "../http/errors.ts";
import { inCurrentDataset } from "../http/dataset.ts";
import { deleteKey, insertKey, insertKeyFor, MAX_ACTIVE_KEYS, type NewKey } from "../store/keys.ts";
import { keyCache } from "./key-cache.ts";
import { generateApiKey, hashApiKey } from "./secrets.ts";

/** Generates a key, and the form in which it is stored. The key can't be recovered from that form. */
export async function generateKey(c: Context<AppEnv>): Promise<{ key: string; stored: NewKey }> {
  const key = await generateApiKey(configOf(c.env).keySecrets);
  return { key, stored: { ...(await hashApiKey(key)), created_at: toTimestamp(new Date()) } };
}

/**
 * Creates another key for the caller's environment. Throws a 401 if another isolate deleted the caller's key, and a
 * 409 if the environment has the maximum.
 */
export async function createKey(
  c: Context<AppEnv>,
): Promise<{ id: number; key: string; created_at: string }> {
  const { id } = c.get("apiKey");
  const { key, stored } = await generateKey(c);
  const { created_at } = stored;
  const inserted = await inCurrentDataset(c, (dataset) => insertKey(dataset, stored, id));
  if (inserted === "not allowed") throw deletedElsewhere(c, created_at);
  if (inserted === "too many") throw tooManyKeys();
  return { id: inserted, key, created_at };
}

/** Creates a key for an environment whose own keys may be lost. Throws a 409 if it has the maximum. */
export async function createKeyInEnvironment(c: Context<AppEnv>, environmentId: number) {
  const { key, stored } = await generateKey(c);
  const id = await insertKeyFor(c.get("db"), environmentId, stored);
  if (id === "too many") throw tooManyKeys();
  return { id, key, created_at: stored.created_at };
}

function tooManyKeys(): ApiError {
  return new ApiError({
    type: "CONFLICT_ERROR",
    message: `This environment has ${MAX_ACTIVE_KEYS} active keys, the maximum. Delete one first.`,
    details: { limit: MAX_ACTIVE_KEYS },
  });
}

/**
 * Deletes a key of the caller's environment. This isolate rejects the key immediately, and other isolates once their
 * cached entry expires. Throws a 404 for an unknown key, and a 409 for the last one.
 */
export async function revokeKey(c: Context<AppEnv>, id: number): Promise<{ deleted_at: string }> {
  const { environment_id, id: deleted_by } = c.get("apiKey");
  const deleted_at = toTimestamp(new Date());
  const outcome = await inCurrentDataset(c, (dataset) =>
    deleteKey(dataset, id, { deleted_by, deleted_at }),
  );
  if (outcome === "not allowed") throw deletedElsewhere(c, deleted_at);
  if (outcome === "unknown") throw unknownKey(id);
  if (outcome === "last key") throw lastKey();
  keyCache.markDeleted(environment_id, id, deleted_at);
  return { deleted_at };
}

function unknownKey(id: number): ApiError {
  return new ApiError({
    type: "KEY_NOT_FOUND_ERROR",
    param: "key_id",
    message: `This environment has no key ${id}.`,
  });
}

function lastKey(): ApiError {
  return new ApiError({
    type: "CONFLICT_ERROR",
    message:
      "This is the environment's only key. Create another one first: without a key, the environment is inaccessible.",
  });
}

/** A 401 for a key that another isolate deleted. This isolate rejects it from now on. */
function deletedElsewhere(c: Context<AppEnv>, now: string): ApiError {
  const { environment_id, id } = c.get("apiKey");
  keyCache.markDeleted(environment_id, id, now);
  return unauthenticated("The API key was deleted.");
}
