/** A partner's integration, which does everything that the readiness checks want, or breaks one habit. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Receiver } from "./readiness-receiver.ts";
import type { Environment } from "../../src/local/index.ts";

/** What a well-behaved integration does. Each can be left out. */
export interface Habits {
  sendsIds: boolean;
  keepsIdOnRetry: boolean;
  stopsOnConflict: boolean;
  waitsForRetryAfter: boolean;
  followsPages: boolean;
  refundsRewards: boolean;
  namesTransaction: boolean;
  rotatesKey: boolean;
  verifiesRawBody: boolean;
  actsOnce: boolean;
  /** Requests a refund that the server rejects. */
  refundsTooMuch: boolean;
}

export const GOOD_HABITS: Habits = {
  sendsIds: true,
  keepsIdOnRetry: true,
  stopsOnConflict: true,
  waitsForRetryAfter: true,
  followsPages: true,
  refundsRewards: true,
  namesTransaction: true,
  rotatesKey: true,
  verifiesRawBody: true,
  actsOnce: true,
  refundsTooMuch: true,
};

const MAX_ATTEMPTS = 5;
const FIRST_PAUSE_MILLISECONDS = 60;
/** Long enough that a busy machine doesn't make the client wait that long. */
const RETRY_AFTER_SECONDS = 3;
const PAGE_ITEMS = 2;
const SETTLE_MILLISECONDS = 200;

type Fields = Record<string, unknown>;
interface Reply {
  status: number;
  body: Fields;
}

const LAMP = { name: "Lamp", quantity: 1, rate: 2_500, rewards_rate: 25 };
const TWO_LAMPS = { total_order_amount: 5_000, order_lines: [{ ...LAMP, quantity: 2 }] };

export class ShopClient {
  readonly #env: Environment;
  readonly #habits: Habits;
  #key: string;

  /** `key` is the client's own, which it may delete. */
  constructor(env: Environment, key: string, habits: Habits) {
    this.#env = env;
    this.#key = key;
    this.#habits = habits;
  }

  /** One order for each thing to prove, all at the same time. The key changes last. */
  async proveEverything(): Promise<void> {
    await Promise.all([
      this.#captureUnder({ fault: "lost_response" }),
      this.#captureUnder({ fault: "cut_response" }),
      this.#captureUnder({ fault: "error_after_commit" }),
      this.#captureUnder({ fault: "bad_gateway" }),
      this.#captureUnder({ fault: "unavailable", retry_after: RETRY_AFTER_SECONDS }),
      this.#captureUnder({ fault: "unavailable", times: MAX_ATTEMPTS - 1, retry_after: 0 }),
      this.#captureUnder({ fault: "rate_limited", retry_after: RETRY_AFTER_SECONDS }),
      this.#shipAndRefund(),
      this.#changeAndCancel(),
    ]);
    await this.#receiveNotifications();
    await this.#readOrders();
    if (this.#habits.rotatesKey) await this.#rotateKey();
  }

  async #captureUnder(fault: Parameters<Environment["faults"]["add"]>[0]): Promise<void> {
    const order = await this.#createOrder();
    const match = { path: "/v2/order_events", order_id: order };
    await this.#env.faults.add({ ...fault, match });
    await this.#capture(order, TWO_LAMPS.total_order_amount, TWO_LAMPS.order_lines);
  }

  async #shipAndRefund(): Promise<void> {
    const order = await this.#createOrder();
    const first = await this.#capture(order, 2_500, [LAMP]);
    const second = await this.#capture(order, 2_500, [LAMP]);
    if (this.#habits.refundsTooMuch) {
      await this.#post("/v2/order_events", { ...first.event, type: "REFUNDED", amount: 9_000 });
    }
    await this.#refund(order, first, 2_500, [LAMP]);
    await this.#refund(order, second, 2_500, [LAMP]);
  }

  async #changeAndCancel(): Promise<void> {
    const order = await this.#createOrder();
    await this.#send("PUT", `/v2/orders/${order}`, { ...orderFields(), ...TWO_LAMPS });
    await this.#send("DELETE", `/v2/orders/${order}`);
  }

  /** Reports captures that only notifications tell of. */
  async #receiveNotifications(): Promise<void> {
    const { verifiesRawBody, actsOnce } = this.#habits;
    const orders = new Map<string, string>();
    await using receiver = await Receiver.start({
      verifiesRawBody,
      handle: async ({ event_id, status, amount, network_transaction_id }) => {
        const order_id = orders.get(network_transaction_id);
        if (order_id === undefined) return;
        const order_event_id = actsOnce ? event_id : randomUUID();
        const event = { order_event_id, order_id, network_transaction_id, type: status, amount };
        await this.#post("/v2/order_events", event);
      },
    });
    await this.#send(
      "POST",
      "/sandbox/webhooks",
      { url: receiver.url, signing_token: receiver.token, retry_after_seconds: [0, 1] },
      this.#env.key,
    );
    const faults = ["duplicate_notification", "invalid_signature", "stale_signature"] as const;
    const all = [...faults, "lost_notification" as const];
    await Promise.all(all.map((fault) => this.#captureNotified(orders, fault)));
    await this.#settle();
    await this.#captureNotified(orders, "reordered_notification");
    await this.#captureNotified(orders);
    await this.#settle();
  }

  /** A capture on the card, whose notification a fault changes. */
  async #captureNotified(
    orders: Map<string, string>,
    fault?: Parameters<Environment["faults"]["add"]>[0]["fault"],
  ): Promise<void> {
    const network_transaction_id = randomUUID();
    orders.set(network_transaction_id, await this.#createOrder());
    if (fault) await this.#env.faults.add({ fault, match: { network_transaction_id } });
    const card = { status: "CAPTURED", payment_method_id: "pm-1", amount: 5_000 } as const;
    await this.#env.transactions.simulate({ ...card, network_transaction_id });
  }

  /** Waits until no notification will be sent again. */
  async #settle(): Promise<void> {
    for (;;) {
      await sleep(SETTLE_MILLISECONDS);
      const path = "/sandbox/notifications?delivery_status=pending";
      const { body } = await this.#send("GET", path, undefined, this.#env.key);
      if (body["total"] === 0) return;
    }
  }

  async #readOrders(): Promise<void> {
    let after = "";
    for (;;) {
      const { body } = await this.#send("GET", `/v2/orders?limit=${PAGE_ITEMS}${after}`);
      const { data, has_more } = body as { data: { id: string }[]; has_more: boolean };
      if (!has_more || !this.#habits.followsPages) return;
      after = `&starting_after=${data.at(-1)!.id}`;
    }
  }

  async #rotateKey(): Promise<void> {
    const { body } = await this.#send("POST", "/v2/keys");
    const first = this.#key;
    this.#key = String(body["key"]);
    await this.#send("GET", "/v2/orders");
    await this.#send("DELETE", "/v2/keys", undefined, first);
    await this.#send("GET", "/v2/orders");
  }

  async #createOrder(): Promise<string> {
    const { body } = await this.#post("/v2/orders", { ...orderFields(), ...TWO_LAMPS });
    return String(body["id"]);
  }

  /** Lets the card capture an amount, and reports it. */
  async #capture(order_id: string, amount: number, lines: object[]) {
    const network_transaction_id = randomUUID();
    const { transaction_id, event_id } = await this.#env.transactions.simulate({
      status: "CAPTURED",
      payment_method_id: "pm-1",
      amount,
      network_transaction_id,
    });
    const reported = this.#habits.namesTransaction ? network_transaction_id : randomUUID();
    const event = { order_id, network_transaction_id: reported };
    const content = { type: "CAPTURED", amount, order_lines: lines };
    await this.#post("/v2/order_events", { ...event, ...content });
    return { event, transaction_id, event_id };
  }

  async #refund(
    order_id: string,
    { event, ...captured }: { event: Fields; transaction_id: string; event_id: string },
    amount: number,
    lines: object[],
  ): Promise<void> {
    const card = { status: "REFUNDED", payment_method_id: "pm-1", amount } as const;
    await this.#env.transactions.simulate({ ...card, ...captured });
    const content = this.#habits.refundsRewards ? { order_lines: lines } : {};
    await this.#post("/v2/order_events", {
      ...event,
      order_id,
      type: "REFUNDED",
      amount,
      ...content,
    });
  }

  /** Creates something, and retries until it is known to exist. */
  async #post(path: string, fields: Fields): Promise<Reply> {
    const name = path === "/v2/orders" ? "id" : "order_event_id";
    let id = randomUUID();
    for (let attempt = 1; ; attempt += 1) {
      const body = this.#habits.sendsIds ? { [name]: id, ...fields } : fields;
      const reply = await this.#send("POST", path, body).catch(() => undefined);
      if (reply?.status === 409 && attempt > 1) await this.#send("GET", `${path}?${name}=${id}`);
      const isDone = reply && (reply.status < 400 || this.#isFinal(reply.status));
      if (isDone || attempt === MAX_ATTEMPTS) return reply ?? { status: 0, body: {} };
      if (!this.#habits.keepsIdOnRetry) id = randomUUID();
      const asked = this.#habits.waitsForRetryAfter ? Number(reply?.body["retry_after"] ?? 0) : 0;
      await sleep(asked * 1_000 * attempt + FIRST_PAUSE_MILLISECONDS * 2 ** attempt);
    }
  }

  #isFinal(status: number): boolean {
    if (status === 409) return this.#habits.stopsOnConflict;
    return status < 500 && status !== 429;
  }

  /** The body has the `Retry-After` of the response too. */
  async #send(method: string, path: string, fields?: Fields, key = this.#key): Promise<Reply> {
    const response = await fetch(this.#env.url + path, {
      method,
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      ...(fields && { body: JSON.stringify(fields) }),
    });
    const text = await response.text();
    const body = text.startsWith("{") ? (JSON.parse(text) as Fields) : {};
    return {
      status: response.status,
      body: { ...body, retry_after: response.headers.get("Retry-After") },
    };
  }
}

const orderFields = () => ({ payment_method_id: "pm-1", partner_order_id: randomUUID() });
