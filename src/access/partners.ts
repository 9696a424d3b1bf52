import type { Context } from "hono";
import { toTimestamp } from "../domain/timestamp.ts";
import type { AppEnv } from "../http/context.ts";
import { ApiError } from "../http/errors.ts";
import { insertPartner, removePartner } from "../store/partners.ts";
import { keyCache } from "./key-cache.ts";
import { newSecret, storedFormOf } from "./secrets.ts";

/** Makes a partner with its first key, which nobody can be shown again. */
export async function createPartner(c: Context<AppEnv>, name: string) {
  const key = await newSecret(c.env.KEY_SECRET);
  const created_at = toTimestamp(new Date());
  const stored = { ...(await storedFormOf(key)), created_at };
  const id = await insertPartner(c.get("db"), name, stored);
  return { id, name, created_at, key };
}

/** Deletes a partner, or a part of it where there is much: see `removePartner`. 404 where there is none. */
export async function deletePartner(c: Context<AppEnv>, id: number) {
  const removal = await removePartner(c.get("db"), id);
  if (!removal) {
    throw new ApiError({
      type: "PARTNER_NOT_FOUND_ERROR",
      param: "partner_id",
      message: `There is no partner ${id}.`,
    });
  }
  keyCache.forgetPartner(id);
  return removal;
}
