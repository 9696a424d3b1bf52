import type { Context } from "hono";
import { storedVerdictsOf, sumUp } from "../domain/readiness/stored-verdicts.ts";
import { REQUEST_DAYS } from "../domain/requests.ts";
import { DAY_MILLISECONDS, toTimestamp } from "../domain/timestamp.ts";
import type { AppEnv } from "../http/context.ts";
import { sendPending } from "../http/recording/batches.ts";
import { addWorkbenchRows } from "../http/workbench.ts";
import { logError } from "../log.ts";
import type { Database } from "../store/database.ts";
import { findReadinessOfPartner, storeVerdicts, type ReadinessSource } from "../store/readiness.ts";

/** A report covers at most this many existing environments, the newest ones. Each costs a call to its workbench. */
export const MAX_CHECKED_ENVIRONMENTS = 40;

export const defaultSince = (now: Date): string =>
  toTimestamp(new Date(now.getTime() - REQUEST_DAYS * DAY_MILLISECONDS));

/** The verdicts on an environment, if it has any, and the rows that its workbench read. */
async function check(
  env: Cloudflare.Env,
  { environment_id, dataset_id, name, card, assume }: ReadinessSource,
  { since, now }: { since: string; now: string },
) {
  await sendPending(env, environment_id);
  const workbench = env.WORKBENCH.getByName(String(environment_id));
  const facts = { since: Date.parse(since), card, assume };
  const { result, rows } = await workbench.checkReadiness({ environment_id, dataset_id }, facts);
  const environment = { id: environment_id, name: name ?? "", at: now };
  // An environment that was reset meanwhile has no verdicts.
  const verdicts = result === "superseded" ? undefined : storedVerdictsOf(result, environment);
  return { verdicts, rows };
}

/** Sums up the verdicts on all environments of the caller's partner, including deleted and expired ones. */
export async function checkAllEnvironments(c: Context<AppEnv>, since: string) {
  const now = toTimestamp(new Date());
  const { partner_id } = c.get("apiKey");
  const found = { now, limit: MAX_CHECKED_ENVIRONMENTS };
  const { live, stored } = await findReadinessOfPartner(c.get("db"), partner_id, found);
  const replies = await Promise.all(live.map((source) => check(c.env, source, { since, now })));
  for (const { rows } of replies) if (rows) addWorkbenchRows(c, rows);
  const checked = replies.map(({ verdicts }) => verdicts).filter((each) => each !== undefined);
  return sumUp([...checked, stored], since);
}

/** Stores the verdicts on environments before they are closed. Logs a failure instead of throwing it. */
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
        const { verdicts } = await check(env, source, times);
        if (verdicts) await storeVerdicts(db, partner_id, verdicts);
      } catch (error) {
        logError("readiness verdicts not stored", error, { partner_id, environment_id });
      }
    }),
  );
}
