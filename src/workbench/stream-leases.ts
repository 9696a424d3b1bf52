import { logError } from "../log.ts";
import { STREAM_LEASE_SECONDS, type PartnerStreams } from "./partner-streams.ts";

/** Often enough that one lost renewal does no harm. */
const RENEWAL_MILLISECONDS = (STREAM_LEASE_SECONDS * 1_000) / 3;

/** The leases of a workbench's open streams, which count in `PartnerStreams`. */
export class StreamLeases {
  readonly #namespace: DurableObjectNamespace<PartnerStreams>;
  readonly #leases = new Set<string>();
  #renewal: ReturnType<typeof setInterval> | null = null;

  constructor(namespace: DurableObjectNamespace<PartnerStreams>) {
    this.#namespace = namespace;
  }

  /** A lease for another stream of the partner; undefined if it has too many. */
  async acquire(partnerId: number): Promise<string | undefined> {
    const lease = crypto.randomUUID();
    if (!(await this.#counterOf(partnerId).acquire(lease))) return undefined;
    this.#leases.add(lease);
    this.#renewal ??= setInterval(() => void this.#renew(partnerId), RENEWAL_MILLISECONDS);
    return lease;
  }

  async release(partnerId: number, lease: string): Promise<void> {
    this.#leases.delete(lease);
    if (this.#leases.size === 0) {
      clearInterval(this.#renewal);
      this.#renewal = null;
    }
    try {
      await this.#counterOf(partnerId).release(lease);
    } catch (error) {
      logError("a stream's lease was not released and will expire", error, {});
    }
  }

  async #renew(partnerId: number): Promise<void> {
    try {
      await this.#counterOf(partnerId).renew([...this.#leases]);
    } catch (error) {
      logError("leases of streams were not renewed", error, {});
    }
  }

  #counterOf(partnerId: number): DurableObjectStub<PartnerStreams> {
    return this.#namespace.getByName(String(partnerId));
  }
}
