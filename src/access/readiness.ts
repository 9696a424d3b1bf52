import type { Context } from "hono";
import {
  storedVerdictsOf,
  sumUp,
  type StoredVerdicts,
} from "../domain/readiness/stored-verdicts.ts";
import type { EnvironmentVerdicts } from "../domain/readiness/report.ts";
import { REQUEST_DAYS } from "../domain/requests.ts";
import { DAY_MILLISECONDS, toTimestamp } from "../domain/timestamp.ts";
import type { AppEnv } from "../http/context.ts";
import { sendPending } from "../http/recording/batches.ts";
import { logError } from "../log.ts";
import type { Database } from "../store/database.ts";
import { findReadinessOfPartner, storeVerdicts, type ReadinessSource } from "../store/readiness.ts";

/** The most existing environments that a report covers, newest first. Each costs one call to its workbench. */
export const MAX_CHECKED_ENVIRONMENTS = 40;

type WorkbenchEnv = Pick<Cloudflare.Env, "WORKBENCH">;

export const defaultSince = (now: Date): string =>
  toTimestamp(new Date(now.getTime() - REQUEST_DAYS * DAY_MILLISECONDS));

/** Evaluates the readiness checks of an environment; undefined if it was reset meanwhile. */
async function check(
  env: WorkbenchEnv,
  { environment_id, dataset_id, card, assume }: ReadinessSource,
  since: string,
): Promise<EnvironmentVerdicts | undefined> {
  const workbench = env.WORKBENCH.getByName(String(environment_id));
  const facts = { since: Date.parse(since), card, assume };
  const { result } = await workbench.checkReadiness({ environment_id, dataset_id }, facts);
  return result === "superseded" ? undefined : result;
}

async function checkToStore(
  env: WorkbenchEnv,
  source: ReadinessSource,
  { since, now }: { since: string; now: string },
): Promise<StoredVerdicts | undefined> {
  const verdicts = await check(env, source, since);
  const { environment_id: id, name } = source;
  return verdicts && storedVerdictsOf(verdicts, { id, name: name ?? "", at: now });
}

/** Sums up the verdicts on all environments of the caller's partner, including deleted and expired ones. */
export async function checkAllEnvironments(c: Context<AppEnv>, since: string) {
  const now = toTimestamp(new Date());
  const { partner_id } = c.get("apiKey");
  const found = { now, limit: MAX_CHECKED_ENVIRONMENTS };
  const { live, stored } = await findReadinessOfPartner(c.get("db"), partner_id, found);
  const checked = await Promise.all(
    live.map(async (source) => {
      await sendPending(c.env, source.environment_id);
      return checkToStore(c.env, source, { since, now });
    }),
  );
  return sumUp([...checked.filter((each) => each !== undefined), stored], since);
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
        await sendPending(env, environment_id);
        const verdicts = await checkToStore(env, source, times);
        if (verdicts) await storeVerdicts(db, partner_id, verdicts);
      } catch (error) {
        logError("readiness verdicts not stored", error, { partner_id, environment_id });
      }
    }),
  );
}
