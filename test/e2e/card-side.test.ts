import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newEnvironment, simulate, transactionOf } from "./card-client.ts";
import { clientOf, type Client } from "./client.ts";
import { freePort, Server } from "./server.ts";

const CRASHES = 3;
/** How many captures, and how many refunds, run at once. */
const RACING = 16;
/** How long clients write before a crash: random, so that a crash can hit any point of a write. */
const WRITING_MILLISECONDS = { least: 800, most: 1_500 };

const ascending = (one: number, other: number) => one - other;

let folder: string;
let port: number;
let server: Server;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-card-"));
  port = await freePort();
  server = await new Server(port, folder).ready();
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("a scenario of the published guide", () => {
  const payment_method_id = "7f754378-dd84-4a9a-b1ce-0646bb769c29";
  const APPROVE = {
    payment_method_id,
    transaction_id: "",
    customer_id: "e0549550-90e9-4acb-b7e9-2e4738b7def2",
    status: "APPROVED",
    amount: 5000,
    currency: "USD",
    authorization_code: "645432",
    network_transaction_id: "txn-789456",
    purchase_method: "CHIP",
    merchant: {
      network_id: "234923454545",
      name: "Target",
      category: "Grocery Stores",
      category_code: "5411",
      address: {
        city: "New York",
        country: "USA",
        postal_code: "10002",
        state: "NY",
        street_line1: "",
        street_line2: "",
      },
    },
  } as const;

  let client: Client;
  const approved = async () => (await simulate(client, APPROVE)).transaction_id;

  it.each<[string, () => Promise<{ transaction_id: string }>, object]>([
    ["approve", () => simulate(client, APPROVE), { status: "APPROVED", amount: 5000 }],
    [
      "void",
      async () => {
        const transaction_id = await approved();
        return simulate(client, { payment_method_id, transaction_id, status: "VOIDED" });
      },
      { status: "VOIDED", amount: 5000 },
    ],
    [
      "update",
      async () => {
        const body = { status: "UPDATED", amount: 3546 } as const;
        return simulate(client, { payment_method_id, transaction_id: await approved(), ...body });
      },
      { status: "UPDATED", amount: 3546 },
    ],
    [
      "capture",
      async () => {
        const body = { status: "CAPTURED", amount: 400 } as const;
        return simulate(client, { payment_method_id, transaction_id: await approved(), ...body });
      },
      { status: "CAPTURED", amount: 400 },
    ],
    [
      "force capture",
      () => simulate(client, { payment_method_id, status: "CAPTURED", amount: 400 }),
      { status: "CAPTURED", amount: 400 },
    ],
    [
      "refund",
      async () => {
        const captured = { status: "CAPTURED", amount: 400 } as const;
        const transaction_id = await approved();
        const body = { payment_method_id, transaction_id };
        const { event_id } = await simulate(client, { ...body, ...captured });
        return simulate(client, { ...body, event_id, status: "REFUNDED", amount: 400 });
      },
      { status: "REFUNDED", amount: 400 },
    ],
    [
      "blind refund",
      () => simulate(client, { payment_method_id, status: "REFUNDED", amount: 400 }),
      { status: "REFUNDED", amount: 400 },
    ],
  ])("works as published: %s", async (_, run, expected) => {
    client = await newEnvironment(server.url);
    const { transaction_id } = await run();
    const transaction = await transactionOf(client, transaction_id);
    expect(transaction).toMatchObject({ id: transaction_id, payment_method_id, ...expected });
  });
});

it(`loses no acknowledged event in ${CRASHES} crashes while captures and refunds race`, async () => {
  const payment_method_id = "pm";
  let acknowledged = 0;
  for (let crash = 1; crash <= CRASHES; crash += 1) {
    const captured = { status: "CAPTURED", amount: 1_000_000, payment_method_id } as const;
    const toCapture = await simulate(clientOf(server.url), { ...captured, amount: 0 });
    const toRefund = await simulate(clientOf(server.url), captured);
    const known = { payment_method_id, transaction_id: toRefund.transaction_id };
    const refund = { ...known, event_id: toRefund.event_id, status: "REFUNDED" } as const;
    const capture = { ...captured, transaction_id: toCapture.transaction_id };

    /** The amounts of acknowledged events, and the unacknowledged requests, by their Idempotency-Keys. */
    const amounts = { CAPTURED: [] as number[], REFUNDED: [] as number[] };
    interface Sent {
      status: "CAPTURED" | "REFUNDED";
      amount: number;
      payment_method_id: string;
      transaction_id: string;
      event_id?: string;
    }
    const unknown = new Map<string, Sent>();
    let count = 0;
    const send = async (key: string, body: Sent) => {
      unknown.set(key, body);
      const result = await clientOf(server.url)
        .POST("/v2/simulate_transaction_event", { body, headers: { "Idempotency-Key": key } })
        .catch((error: unknown) => {
          if (!(error instanceof TypeError)) throw error;
        });
      if (!result || result.response.status === 503) return;
      if (!result.data) throw new Error(JSON.stringify(result.error));
      unknown.delete(key);
      amounts[body.status].push(body.amount);
    };
    const crashed = new AbortController();
    const write = async (body: Omit<Sent, "amount">) => {
      while (!crashed.signal.aborted) {
        count += 1;
        await send(`${crash}-${count}`, { ...body, amount: count });
      }
    };
    const clients = Array.from({ length: RACING }, () => [write(capture), write(refund)]).flat();
    const { least, most } = WRITING_MILLISECONDS;
    await sleep(least + Math.random() * (most - least));
    await server.stop("SIGKILL");
    crashed.abort();
    await Promise.all(clients);
    acknowledged += amounts.CAPTURED.length + amounts.REFUNDED.length;

    server = await new Server(port, folder).ready();
    // The same request again, with its key, settles an unknown outcome.
    for (const [key, body] of unknown) await send(key, body);
    expect(unknown.size).toBe(0);
    const sum = (all: number[]) => all.reduce((total, amount) => total + amount, 0);
    for (const [{ transaction_id }, status, first] of [
      [toCapture, "CAPTURED", 0],
      [toRefund, "REFUNDED", 1_000_000],
    ] as const) {
      const { data } = await clientOf(server.url).GET("/sandbox/transactions/{transaction_id}", {
        params: { path: { transaction_id } },
      });
      const [created, ...events] = data!.events.map(({ amount }) => amount);
      expect(created).toBe(first);
      expect(events.toSorted(ascending)).toEqual(amounts[status].toSorted(ascending));
    }
    const { data } = await clientOf(server.url).GET("/sandbox/reconciliation");
    const sums = data!.data.slice(0, 2).map(({ card }) => [card!.captured, card!.refunded]);
    expect(sums).toContainEqual([sum(amounts.CAPTURED), 0]);
    expect(sums).toContainEqual([1_000_000, sum(amounts.REFUNDED)]);
  }
  console.log(`${CRASHES} crashes: ${acknowledged} events acknowledged and stored once`);
  expect(acknowledged).toBeGreaterThan(CRASHES * 2);
}, 180_000);
