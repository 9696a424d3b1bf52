import type { Context } from "hono";
import { toTimestamp } from "../domain/timestamp.ts";
import type { AppEnv } from "../http/context.ts";
import { ApiError } from "../http/errors.ts";
import { closeEnvironmentsOf } from "../store/close-environments.ts";
import { findFirstEnvironment } from "../store/environments.ts";
import { hasPartner, insertPartner, removePartner } from "../store/partners.ts";
import type { Removal } from "../store/dataset-removal.ts";
import { keyCache } from "./key-cache.ts";
import { createKeyInEnvironment, generateKey } from "./keys.ts";
import { QueryBudget } from "../store/query-budget.ts";
import { SWEEP_QUERIES, sweepClosed } from "./sweeps.ts";

/** Creates a partner with its first key. Only this result contains the key. */
export async function createPartner(c: Context<AppEnv>, name: string) {
  const { key, stored } = await generateKey(c);
  const id = await insertPartner(c.get("db"), name, stored);
  return { id, name, created_at: stored.created_at, key };
}

/** Creates a key for a partner that lost all of its keys. Throws a 404 for an unknown partner. */
export async function createPartnerKey(c: Context<AppEnv>, id: number) {
  const environment_id = await findFirstEnvironment(c.get("db"), id);
  if (environment_id === undefined) throw unknownPartner(id);
  return createKeyInEnvironment(c, environment_id);
}

/**
 * Deletes a partner with its data, or as much of the data as one request may delete. Closes the partner's environments
 * first, so that no data is added meanwhile. Throws a 404 for an unknown partner.
 */
export async function deletePartner(c: Context<AppEnv>, id: number): Promise<Removal> {
  const db = c.get("db");
  if (!(await hasPartner(db, id))) throw unknownPartner(id);
  await closeEnvironmentsOf(db, id, toTimestamp(new Date()));
  keyCache.forget({ partner_id: id });
  const removal = await sweepClosed(c.env, new QueryBudget(db, SWEEP_QUERIES), id);
  if (!removal.isDone) return removal;
  await removePartner(db, id);
  return { deleted_rows: removal.deleted_rows + 1, isDone: true };
}

function unknownPartner(id: number): ApiError {
  return new ApiError({
    type: "PARTNER_NOT_FOUND_ERROR",
    param: "partner_id",
    message: `This sandbox has no partner ${id}.`,
  });
}
