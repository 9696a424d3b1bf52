import { DurableObject } from "cloudflare:workers";

/** How many streams of a partner are open at a time, in all of its environments. */
export const MAX_PARTNER_STREAMS = 50;
/** How long a stream counts unless its lease is renewed. */
export const STREAM_LEASE_SECONDS = 60;

/**
 * Counts the open streams of a partner, in a Durable Object named by the partner's ID. It stores nothing: a
 * workbench renews the leases of its streams, which restores a count that was lost, and a stream that was lost
 * no longer counts once its lease has expired.
 */
export class PartnerStreams extends DurableObject {
  /** When each lease expires, in milliseconds since 1970. */
  readonly #expiries = new Map<string, number>();

  /** Whether the partner may open another stream. If so, the lease counts from now on. */
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
