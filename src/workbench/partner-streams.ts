import { DurableObject } from "cloudflare:workers";

/** The maximum number of open streams in all of a partner's environments. */
export const MAX_PARTNER_STREAMS = 50;
/** How long a lease counts as an open stream, unless it is renewed. */
export const STREAM_LEASE_SECONDS = 60;

/**
 * Counts the open streams of a partner, in a Durable Object named by the partner's ID. It stores nothing. After a
 * restart, workbenches restore the count by renewing their leases. The lease of a lost stream expires.
 */
export class PartnerStreams extends DurableObject {
  /** When each lease expires, in milliseconds since 1970. */
  readonly #expiries = new Map<string, number>();

  /** Adds a lease. Returns false, and adds none, if the partner has too many streams. */
  async acquire(lease: string): Promise<boolean> {
    const now = Date.now();
    for (const [each, expiry] of this.#expiries) if (expiry <= now) this.#expiries.delete(each);
    if (this.#expiries.size >= MAX_PARTNER_STREAMS) return false;
    await this.renew([lease]);
    return true;
  }

  async renew(leases: string[]): Promise<void> {
    const expiry = Date.now() + STREAM_LEASE_SECONDS * 1_000;
    for (const lease of leases) this.#expiries.set(lease, expiry);
  }

  async release(lease: string): Promise<void> {
    this.#expiries.delete(lease);
  }
}
