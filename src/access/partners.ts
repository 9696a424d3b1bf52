import type { Context } from "hono";
import { toTimestamp } from "../domain/timestamp.ts";
import type { AppEnv } from "../http/context.ts";
import { ApiError } from "../http/errors.ts";
import { closeEnvironmentsOf, findFirstEnvironment } from "../store/environments.ts";
import { hasPartner, insertPartner, removePartner } from "../store/partners.ts";
import type { Removal } from "../store/closed-datasets.ts";
import { sweepEnvironments } from "./environments.ts";
import { keyCache } from "./key-cache.ts";
import { createKeyInEnvironment, generateKey } from "./keys.ts";

/** Makes a partner with its first key, which nobody can be shown again. */
export async function createPartner(c: Context<AppEnv>, name: string) {
  const { key, stored } = await generateKey(c);
  const id = await insertPartner(c.get("db"), name, stored);
  return { id, name, created_at: stored.created_at, key };
}

/** Makes a key for a partner that has lost its last one. 404 where there is no such partner. */
export async function createPartnerKey(c: Context<AppEnv>, id: number) {
  const environment_id = await findFirstEnvironment(c.get("db"), id);
  if (environment_id === undefined) throw unknownPartner(id);
  return createKeyInEnvironment(c, environment_id);
}

/**
 * Deletes a partner, or a part of it where there is much. First its environments are closed, so that nothing
 * is added behind what is deleted. 404 where there is no such partner.
 */
export async function deletePartner(c: Context<AppEnv>, id: number): Promise<Removal> {
  const db = c.get("db");
  if (!(await hasPartner(db, id))) throw unknownPartner(id);
  await closeEnvironmentsOf(db, id, toTimestamp(new Date()));
  keyCache.forgetPartner(id);
  const removal = await sweepEnvironments(c.env, db, id);
  if (!removal.isDone) return removal;
  await removePartner(db, id);
  return { deleted_rows: removal.deleted_rows + 1, isDone: true };
}

function unknownPartner(id: number): ApiError {
  return new ApiError({
    type: "PARTNER_NOT_FOUND_ERROR",
    param: "partner_id",
    message: `There is no partner ${id}.`,
  });
}
