import type { Context } from "hono";
import {
  storedVerdictsOf,
  sumUp,
  type StoredVerdicts,
} from "../domain/readiness/stored-verdicts.ts";
import { REQUEST_DAYS } from "../domain/requests.ts";
import { DAY_MILLISECONDS, toTimestamp } from "../domain/timestamp.ts";
import type { AppEnv } from "../http/context.ts";
import { sendPending } from "../http/recording/batches.ts";
import { addWorkbenchRows } from "../http/workbench.ts";
import { logError } from "../log.ts";
import type { Database } from "../store/database.ts";
import { findReadinessOfPartner, storeVerdicts, type ReadinessSource } from "../store/readiness.ts";
import type { DatasetReply } from "../workbench/dataset-ref.ts";

/** The most existing environments that a report covers, newest first. Each costs one call to its workbench. */
export const MAX_CHECKED_ENVIRONMENTS = 40;

export const defaultSince = (now: Date): string =>
  toTimestamp(new Date(now.getTime() - REQUEST_DAYS * DAY_MILLISECONDS));

/** Evaluates the readiness checks of an environment; undefined if none has a verdict. */
async function check(
  env: Cloudflare.Env,
  { environment_id, dataset_id, name, card, assume }: ReadinessSource,
  { since, now }: { since: string; now: string },
): Promise<DatasetReply<StoredVerdicts | undefined>> {
  await sendPending(env, environment_id);
  const workbench = env.WORKBENCH.getByName(String(environment_id));
  const facts = { since: Date.parse(since), card, assume };
  const reply = await workbench.checkReadiness({ environment_id, dataset_id }, facts);
  const { result } = reply;
  if (result === "superseded") return { result };
  const environment = { id: environment_id, name: name ?? "", at: now };
  return { ...reply, result: storedVerdictsOf(result, environment) };
}

/** The verdicts in a reply; undefined if the environment was reset meanwhile. */
const verdictsIn = ({ result }: DatasetReply<StoredVerdicts | undefined>) =>
  result === "superseded" ? undefined : result;

/** Sums up the verdicts on all environments of the caller's partner, including deleted and expired ones. */
export async function checkAllEnvironments(c: Context<AppEnv>, since: string) {
  const now = toTimestamp(new Date());
  const { partner_id } = c.get("apiKey");
  const found = { now, limit: MAX_CHECKED_ENVIRONMENTS };
  const { live, stored } = await findReadinessOfPartner(c.get("db"), partner_id, found);
  const replies = await Promise.all(live.map((source) => check(c.env, source, { since, now })));
  for (const { rows } of replies) if (rows) addWorkbenchRows(c, rows);
  const checked = replies.map(verdictsIn).filter((each) => each !== undefined);
  return sumUp([...checked, stored], since);
}

/** Stores the verdicts on environments before they are closed. A failure is only logged, and does not prevent that. */
export async function preserveVerdicts(
  env: Cloudflare.Env,
  db: Database,
  sources: ReadinessSource[],
): Promise<void> {
  const now = new Date();
  const times = { since: defaultSince(now), now: toTimestamp(now) };
  await Promise.all(
    sources.map(async (source) => {
      const { partner_id, environment_id } = source;
      try {
        const verdicts = verdictsIn(await check(env, source, times));
        if (verdicts) await storeVerdicts(db, partner_id, verdicts);
      } catch (error) {
        logError("readiness verdicts not stored", error, { partner_id, environment_id });
      }
    }),
  );
}
