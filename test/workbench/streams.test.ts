import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { MAX_PARTNER_STREAMS, STREAM_LEASE_SECONDS } from "../../src/workbench/partner-streams.ts";
import { MAX_STREAMS } from "../../src/workbench/streams.ts";
import {
  expectStatus,
  newEnvironment,
  newPartner,
  refusalOf,
  type Client,
} from "../support/client.ts";
import { openStream } from "../support/event-stream.ts";
import { datasetOf, listed, REQUESTS, workbenchOf } from "../support/recorded-requests.ts";

const STREAM = `${REQUESTS}/stream`;

let partner: Client;
beforeEach(async () => {
  partner = await newPartner();
});

describe("the stream", () => {
  it("sends new requests within a second", async () => {
    await partner.get("/v2/orders?id=before");
    await listed(partner, 1);
    const watching = await openStream(partner, STREAM);
    expect(watching.response.headers.get("Content-Type")).toBe("text/event-stream");
    const delays: number[] = [];
    for (const order_id of ["o-1", "o-2", "o-3"]) {
      const response = await partner.get(`/v2/orders?id=${order_id}`);
      const respondedAt = Date.now();
      const [seen] = await watching.take(1);
      delays.push(Date.now() - respondedAt);
      const request_id = response.headers.get("X-Request-Id");
      expect(seen).toMatchObject({ order_id, request_id });
      expect(await listed(partner, 1, `order_id=${order_id}`)).toEqual([seen]);
    }
    // A busy machine can hold up any one of them.
    expect(Math.min(...delays)).toBeLessThan(1_000);
    await watching.cancel();
  });

  it("resumes after the event that the client names", async () => {
    for (let each = 0; each < 250; each += 50) {
      await Promise.all(Array.from({ length: 50 }, () => partner.get("/v2/orders")));
    }
    const ids = (await listed(partner, 250)).map(({ id }: { id: string }) => id);
    const oldest = (await partner.get(`${REQUESTS}?limit=100&starting_after=${ids[99]}`)).body.data;
    const last = { "Last-Event-ID": oldest[99].id };
    const watching = await openStream(partner, STREAM, last);
    const replayed = (await watching.take(199)).map(({ id }) => id);
    expect(replayed.slice(-100)).toEqual(ids.toReversed());
    expect(replayed[0]).toBe(oldest[98].id);
    await partner.get("/v2/orders?id=next");
    expect(await watching.take(1)).toMatchObject([{ order_id: "next" }]);
    await watching.cancel();
  });

  it("sends only matching requests", async () => {
    const watching = await openStream(partner, `${STREAM}?order_id=o-2&status=2xx`);
    for (const id of ["o-1", "o-2", "o-3"]) await partner.get(`/v2/orders?id=${id}`);
    expect(await watching.take(1)).toMatchObject([{ order_id: "o-2" }]);
    await watching.cancel();
  });

  it(`is one of at most ${MAX_STREAMS} of an environment`, async () => {
    const open = () => openStream(partner, STREAM);
    const opened = await Promise.all(Array.from({ length: MAX_STREAMS }, open));
    expectStatus(await partner.get(STREAM), 409);
    await opened[0]!.cancel();
    const next = await open();
    await Promise.all([...opened.slice(1), next].map((each) => each.cancel()));
  });

  it(`is one of at most ${MAX_PARTNER_STREAMS} of a partner`, async () => {
    const clients = [partner];
    while (clients.length < MAX_PARTNER_STREAMS / MAX_STREAMS) {
      clients.push(await newEnvironment(partner.partnerId));
    }
    const open = (client: Client) => openStream(client, STREAM);
    const all = clients.flatMap((client) => Array.from({ length: MAX_STREAMS }, () => client));
    const opened = await Promise.all(all.map(open));
    const another = await newEnvironment(partner.partnerId);
    const refused = await another.get(STREAM);
    expect(refusalOf(refused)).toMatchObject({ status: 429, type: "RATE_LIMIT_ERROR" });
    expect(refused.headers.get("Retry-After")).toBe(String(STREAM_LEASE_SECONDS));
    expectStatus(await (await newPartner()).get(STREAM), 200);
    // The sandbox notices closed streams when it probes the environment's streams.
    await opened[0]!.cancel();
    const instead = await open(partner);
    await Promise.all([...opened.slice(1), instead].map((each) => each.cancel()));
  });

  it("ends when its key is revoked, and leaves other keys' streams open", async () => {
    const { body } = await partner.post("/v2/keys");
    const other = Object.assign(await newPartner(), { key: body.key });
    const mine = await openStream(partner, `${STREAM}?order_id=still`);
    const revoked = await openStream(other, STREAM);
    expectStatus(await partner.delete("/sandbox/keys/2"), 204);
    await revoked.rest();
    await partner.get("/v2/orders?id=still");
    expect(await mine.take(1)).toMatchObject([{ order_id: "still" }]);
    await partner.post("/v2/keys");
    expectStatus(await partner.delete("/v2/keys"), 200);
    await mine.rest();
  });

  it("ends when the environment is reset or removed", async () => {
    const first = await openStream(partner, STREAM);
    await partner.get("/v2/orders");
    await listed(partner, 1);
    expectStatus(await partner.post("/sandbox/reset"), 204);
    await first.rest();
    expect((await partner.get(REQUESTS)).body.total).toBe(0);
    await partner.get("/v2/orders?id=after");
    expect(await listed(partner, 1)).toMatchObject([{ order_id: "after" }]);
    const other = await newPartner();
    const second = await openStream(other, STREAM);
    await workbenchOf(other).destroy();
    await second.rest();
  });

  it("ends when its environment is deleted, even right after many others were deleted", async () => {
    for (let count = 0; count < 3; count += 1) {
      const { body } = expectStatus(await partner.post("/sandbox/environments", {}), 200);
      const other = Object.assign(await newPartner(), { key: body.key });
      const stream = await openStream(other, STREAM);
      expectStatus(await partner.delete(`/sandbox/environments/${body.id}`), 204);
      await stream.rest();
    }
  });

  it("ends when the environment expires", async () => {
    const expires_at = new Date(Date.now() + 500).toISOString();
    const watcher = { key_id: 1, partner_id: partner.partnerId, expires_at, filter: {} };
    const { result } = await workbenchOf(partner).watch(datasetOf(partner), watcher);
    const start = Date.now();
    await new Response(result as ReadableStream).text();
    expect(Date.now() - start).toBeGreaterThan(300);
    expect(Date.now() - start).toBeLessThan(5_000);
  });
});

const counter = () => env.PARTNER_STREAMS.getByName("counted");

describe("the count of a partner's streams", () => {
  const leases = Array.from({ length: MAX_PARTNER_STREAMS }, (_, index) => `lease-${index}`);

  it("is restored by renewals after a loss, and drops streams that aren't renewed", async () => {
    for (const lease of leases) expect(await counter().acquire(lease)).toBe(true);
    expect(await counter().acquire("another")).toBe(false);
    await evictDurableObject(counter());
    await counter().renew(leases);
    expect(await counter().acquire("another")).toBe(false);
    await counter().release(leases[0]!);
    expect(await counter().acquire("another")).toBe(true);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + STREAM_LEASE_SECONDS * 1_000 });
    onTestFinished(() => void vi.useRealTimers());
    for (const lease of leases) expect(await counter().acquire(lease)).toBe(true);
  });
});
