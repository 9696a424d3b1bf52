import type { Context } from "hono";
import { toTimestamp } from "../domain/timestamp.ts";
import type { AppEnv } from "../http/context.ts";
import { ApiError, unauthenticated } from "../http/errors.ts";
import { inCurrentDataset } from "../http/dataset.ts";
import { deleteKey, insertKey, insertKeyFor, MAX_ACTIVE_KEYS, type NewKey } from "../store/keys.ts";
import { keyCache } from "./key-cache.ts";
import { newApiKey, hashApiKey } from "./secrets.ts";

/** A key that is to be stored, which nobody can be shown again, and what is stored of it. */
export async function generateKey(c: Context<AppEnv>): Promise<{ key: string; stored: NewKey }> {
  const key = await newApiKey(c.env.KEY_SECRET);
  return { key, stored: { ...(await hashApiKey(key)), created_at: toTimestamp(new Date()) } };
}

/**
 * Makes another key of the environment whose key asks. 401 where that key was deleted elsewhere and only
 * this isolate took it for valid, 409 where there are too many.
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

/** Makes a key of an environment from outside, for who has lost its keys. 409 where there are too many. */
export async function createKeyInEnvironment(c: Context<AppEnv>, environmentId: number) {
  const { key, stored } = await generateKey(c);
  const id = await insertKeyFor(c.get("db"), environmentId, stored);
  if (id === "too many") throw tooManyKeys();
  return { id, key, created_at: stored.created_at };
}

function tooManyKeys(): ApiError {
  return new ApiError({
    type: "CONFLICT_ERROR",
    message: `There are ${MAX_ACTIVE_KEYS} keys that work, the most there can be: delete one first.`,
    details: { limit: MAX_ACTIVE_KEYS },
  });
}

/**
 * Deletes a key of the environment whose key asks. It stops working here at once, and elsewhere when the
 * other isolates ask again. 404 where there is none, 409 where it is the last one.
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
    message: `There is no key ${id}.`,
  });
}

function lastKey(): ApiError {
  return new ApiError({
    type: "CONFLICT_ERROR",
    message: "This is the only key, and deleting it would lock you out: create another one first.",
  });
}

/** 401 for a key that only this isolate took for valid; from now on it is refused here too. */
function deletedElsewhere(c: Context<AppEnv>, now: string): ApiError {
  const { environment_id, id } = c.get("apiKey");
  keyCache.markDeleted(environment_id, id, now);
  return unauthenticated("The API key was deleted.");
}
