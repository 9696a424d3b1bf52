import { configOf } from "../config.ts";
import { byteLimitOf, MAX_RECORDED_BYTES, MIN_RECORDED_BYTES } from "../domain/requests.ts";
import { logError } from "../log.ts";
import { Database } from "../store/database.ts";
import { countOpenEnvironments } from "../store/environments.ts";

/** How long a limit is cached before the partner's environments are counted again. */
const LIMIT_MILLISECONDS = 600_000;

/** How many bytes a workbench may store: its share of the partner's quota. */
export class ByteLimit {
  #limit = MAX_RECORDED_BYTES;
  #expires = 0;

  /** A dataset's limit. Every environment may store the minimum: up to it, returns the maximum without a query. */
  async read(env: Cloudflare.Env, datasetId: number, storedBytes: number): Promise<number> {
    if (storedBytes <= MIN_RECORDED_BYTES) return MAX_RECORDED_BYTES;
    if (Date.now() < this.#expires) return this.#limit;
    try {
      const environments = await countOpenEnvironments(new Database(env.DB), datasetId);
      this.#limit = byteLimitOf(configOf(env).recordedByteQuota, environments);
      this.#expires = Date.now() + LIMIT_MILLISECONDS;
    } catch (error) {
      logError("the limit of recorded bytes was not read", error, { dataset_id: datasetId });
    }
    return this.#limit;
  }
}
