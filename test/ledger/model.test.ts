import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import {
  eventBody,
  expectStatus,
  newPartner,
  orderBody,
  type ApiResponse,
  type Client,
} from "../support/client.ts";
import { failNextBatch, failNextCreation, type FailurePoint } from "../support/d1-failures.ts";

/*
 * Runs random histories of one partner against the Worker and against a model, which states the rules a
 * second time over plain arrays. Few IDs are used, so that histories reuse them, often after a delete.
 */

const RUNS = 500;
const ORDER_IDS = ["o1", "o2"];
const EVENT_IDS = ["e1", "e2", "e3", "e4"];

interface ModelEvent {
  order_event_id: string;
  order_id: string;
  type: "CAPTURED" | "REFUNDED";
  amount: number;
}

interface Change {
  order_id: string;
  version: number;
  change: string;
  order_event_id: string | null;
  captured_amount: number;
  refunded_amount: number;
}

/** The stored response to an Idempotency-Key, and the request that it belongs to. */
interface IdempotencyRecord {
  request: string;
  text: string;
}

class Model {
  /** By ID, in order of creation. */
  orders = new Map<string, { total_order_amount: number; partner_order_id: string }>();
  events: ModelEvent[] = [];
  changes: Change[] = [];
  stored = new Map<string, IdempotencyRecord>();
  /** The last repeatable request, and its response. */
  last?:
    | { path: string; body: object; headers: Record<string, string>; response?: ApiResponse }
    | undefined;

  totals(orderId: string, without?: ModelEvent) {
    const sum = (type: string) =>
      this.events
        .filter((each) => each.order_id === orderId && each.type === type && each !== without)
        .reduce((total, each) => total + each.amount, 0);
    return { captured_amount: sum("CAPTURED"), refunded_amount: sum("REFUNDED") };
  }

  record(order_id: string, change: string, order_event_id: string | null = null) {
    const version = this.changes.filter((each) => each.order_id === order_id).length + 1;
    this.changes.push({ order_id, version, change, order_event_id, ...this.totals(order_id) });
  }
}

/** An order's content, derived from its amount so that a replacement can change the filtered fields. */
const contentOf = (amount: number) => ({
  total_order_amount: amount,
  partner_order_id: `po-${amount % 2}`,
});

const transactionOf = ({ amount }: ModelEvent) => ({ network_transaction_id: `nt-${amount % 2}` });

type Command = fc.AsyncCommand<Model, Client>;
type Headers = Record<string, string>;

/** A request whose response and effect the model predicts. */
abstract class Request implements Command {
  readonly fault: FailurePoint | undefined;
  readonly key: string | undefined;

  constructor(fault: FailurePoint | undefined, key?: string) {
    this.fault = fault;
    this.key = key;
  }

  abstract orderId(model: Model): string;
  abstract send(client: Client, headers: Headers): Promise<ApiResponse>;
  /** The status that the rules require. */
  abstract decide(model: Model): number | "replay";
  abstract apply(model: Model): void;
  abstract toString(): string;

  check = () => true;

  inject(fault: FailurePoint, client: Client, model: Model): Promise<void> | void {
    return failNextBatch(client.environmentId, this.orderId(model), fault);
  }

  async run(model: Model, client: Client): Promise<void> {
    const request = this.toString();
    const stored = this.key === undefined ? undefined : model.stored.get(this.key);
    const decision = stored ? (stored.request === request ? "replay" : 422) : this.decide(model);
    const takesEffect = decision === 200 || decision === 204;
    // A fault matters only at a commit, so one is injected only there.
    const fault = takesEffect ? this.fault : undefined;
    if (fault) await this.inject(fault, client, model);

    const headers: Headers = this.key === undefined ? {} : { "Idempotency-Key": this.key };
    const response = await this.send(client, headers);
    if (takesEffect && fault !== "before the commit") this.apply(model);
    if (fault) {
      expectStatus(response, 503);
      if (this.key !== undefined && fault === "after the commit") {
        const repeated = expectStatus(await this.send(client, headers), 200);
        expect(repeated.headers.get("Idempotent-Replayed")).toBe("true");
        model.stored.set(this.key, { request, text: repeated.text });
      }
      return;
    }
    expectStatus(response, decision === "replay" ? 200 : decision);
    expect(response.headers.has("Idempotent-Replayed")).toBe(decision === "replay");
    if (stored && decision === "replay") expect(response.text).toBe(stored.text);
    // A response that an ID alone decides is stored too.
    if (this.key !== undefined && (takesEffect || decision === "replay"))
      model.stored.set(this.key, { request, text: response.text });
  }
}

class CreateOrder extends Request {
  readonly id: string;
  readonly amount: number;
  constructor(id: string, amount: number, fault?: FailurePoint, key?: string) {
    super(fault, key);
    this.id = id;
    this.amount = amount;
  }
  orderId = () => this.id;
  override inject = (fault: FailurePoint) => failNextCreation(fault);
  send = (client: Client, headers: Headers) =>
    client.post("/v2/orders", orderBody({ id: this.id, ...contentOf(this.amount) }), headers);
  decide(model: Model) {
    const order = model.orders.get(this.id);
    if (!order) return 200;
    return order.total_order_amount === this.amount ? "replay" : 409;
  }
  apply(model: Model) {
    model.orders.set(this.id, contentOf(this.amount));
    model.record(this.id, "CREATED");
  }
  toString = () => `create ${this.id} ${this.amount}`;
}

class ReplaceOrder extends Request {
  readonly id: string;
  readonly amount: number;
  readonly isStale: boolean;
  constructor(id: string, amount: number, isStale: boolean, fault?: FailurePoint) {
    super(fault);
    this.id = id;
    this.amount = amount;
    this.isStale = isStale;
  }
  orderId = () => this.id;
  send = (client: Client) =>
    client.put(
      `/v2/orders/${this.id}`,
      orderBody(contentOf(this.amount)),
      this.isStale ? { "If-Match": '"0"' } : {},
    );
  decide = (model: Model) => (!model.orders.has(this.id) ? 404 : this.isStale ? 412 : 200);
  apply(model: Model) {
    model.orders.set(this.id, contentOf(this.amount));
    model.record(this.id, "REPLACED");
  }
  toString = () => `replace ${this.id} ${this.amount}${this.isStale ? " stale" : ""}`;
}

class DeleteOrder extends Request {
  readonly id: string;
  constructor(id: string, fault?: FailurePoint) {
    super(fault);
    this.id = id;
  }
  orderId = () => this.id;
  send = (client: Client) => client.delete(`/v2/orders/${this.id}`);
  decide(model: Model) {
    if (!model.orders.has(this.id)) return 404;
    return model.events.some((each) => each.order_id === this.id) ? 409 : 204;
  }
  apply(model: Model) {
    model.orders.delete(this.id);
    model.record(this.id, "DELETED");
  }
  toString = () => `delete ${this.id}`;
}

class AppendEvent extends Request {
  readonly event: ModelEvent;
  constructor(event: ModelEvent, fault?: FailurePoint, key?: string) {
    super(fault, key);
    this.event = event;
  }
  orderId = () => this.event.order_id;
  send = (client: Client, headers: Headers) =>
    client.post(
      "/v2/order_events",
      eventBody({ ...this.event, ...transactionOf(this.event) }),
      headers,
    );
  decide(model: Model) {
    const { order_event_id, order_id, type, amount } = this.event;
    const earlier = model.events.find((each) => each.order_event_id === order_event_id);
    if (earlier) return JSON.stringify(earlier) === JSON.stringify(this.event) ? "replay" : 409;
    if (!model.orders.has(order_id)) return 404;
    const { captured_amount, refunded_amount } = model.totals(order_id);
    return type === "REFUNDED" && refunded_amount + amount > captured_amount ? 409 : 200;
  }
  apply(model: Model) {
    model.events.push({ ...this.event });
    model.record(this.event.order_id, "EVENT_APPENDED", this.event.order_event_id);
  }
  toString = () => Object.values(this.event).join(" ");
}

class DeleteEvent extends Request {
  readonly id: string;
  constructor(id: string, fault?: FailurePoint) {
    super(fault);
    this.id = id;
  }
  find = (model: Model) => model.events.find((each) => each.order_event_id === this.id);
  orderId = (model: Model) => this.find(model)!.order_id;
  send = (client: Client) => client.delete(`/v2/order_events/${this.id}`);
  decide(model: Model) {
    const event = this.find(model);
    if (!event) return 404;
    const { captured_amount, refunded_amount } = model.totals(event.order_id, event);
    return refunded_amount > captured_amount ? 409 : 204;
  }
  apply(model: Model) {
    const event = this.find(model)!;
    model.events.splice(model.events.indexOf(event), 1);
    model.record(event.order_id, "EVENT_DELETED", this.id);
  }
  toString = () => `delete event ${this.id}`;
}

/** Makes the order's object cold, so that the next command starts from D1. */
class Evict implements Command {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
  check = () => true;
  async run(_: Model, client: Client) {
    const stub = env.ORDER_LEDGER.getByName(`${client.environmentId}:${this.id}`);
    // Rejects if the object isn't running, which is cold enough.
    await evictDurableObject(stub).catch(() => undefined);
  }
  toString = () => `evict ${this.id}`;
}

const orderId = fc.constantFrom(...ORDER_IDS);
const eventId = fc.constantFrom(...EVENT_IDS);
const amount = fc.integer({ min: 0, max: 3 });
/** Usually undefined, otherwise one of these values. */
const sometimes = <T>(...values: T[]) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  );
const fault = sometimes<FailurePoint>("before the commit", "after the commit");
const key = sometimes("k1", "k2", "k3");

const event = (type: ModelEvent["type"]) =>
  fc
    .record({ order_event_id: eventId, order_id: orderId, type: fc.constant(type), amount })
    .map((each): ModelEvent => each);

const commands = fc.commands(
  [
    fc.tuple(orderId, amount, fault, key).map((each) => new CreateOrder(...each)),
    fc.tuple(orderId, amount, fault, key).map((each) => new CreateOrder(...each)),
    fc.tuple(orderId, amount, fc.boolean(), fault).map((each) => new ReplaceOrder(...each)),
    fc.tuple(orderId, fault).map((each) => new DeleteOrder(...each)),
    fc.tuple(event("CAPTURED"), fault, key).map((each) => new AppendEvent(...each)),
    fc.tuple(event("CAPTURED"), fault, key).map((each) => new AppendEvent(...each)),
    fc.tuple(event("REFUNDED"), fault, key).map((each) => new AppendEvent(...each)),
    fc.tuple(eventId, fault).map((each) => new DeleteEvent(...each)),
    orderId.map((each) => new Evict(each)),
  ],
  { maxCommands: 30, size: "max" },
);

/** The rows in D1 of a partner's orders, events and changes. */
async function rowsOf({ datasetId }: Client) {
  const results = await env.DB.batch(
    [
      `SELECT id, total_order_amount, partner_order_id, version, event_count, captured_amount, refunded_amount
       FROM orders WHERE dataset_id = ? ORDER BY sequence`,
      `SELECT order_event_id, order_id, type, amount FROM order_events
       WHERE dataset_id = ? ORDER BY sequence`,
      `SELECT order_id, version, change, order_event_id, captured_amount, refunded_amount
       FROM order_changes WHERE dataset_id = ? ORDER BY order_id, version`,
    ].map((query) => env.DB.prepare(query).bind(datasetId)),
  );
  return results.map((each) => each.results);
}

/** Reads a filtered list item by item. Its total is either stored or counted. */
async function expectList(client: Client, path: string, id: string, oldestFirst: string[]) {
  const walked: string[] = [];
  for (let hasMore = true; hasMore;) {
    const after = walked.length > 0 ? `&starting_after=${walked.at(-1)}` : "";
    const { data, has_more, total } = (await client.get(`${path}&limit=1${after}`)).body;
    walked.push(...data.map((each: Record<string, string>) => each[id]));
    expect(total).toBe(oldestFirst.length);
    hasMore = has_more;
  }
  expect(walked).toEqual(oldestFirst.toReversed());
}

async function expectAgreement(model: Model, client: Client) {
  const [orderRows, eventRows, changeRows] = await rowsOf(client);
  expect(orderRows).toEqual(
    [...model.orders].map(([id, order]) => ({
      id,
      ...order,
      version: model.changes.filter((each) => each.order_id === id).length,
      event_count: model.events.filter((each) => each.order_id === id).length,
      ...model.totals(id),
    })),
  );
  expect(eventRows).toEqual(model.events);
  expect(changeRows).toEqual(
    model.changes.toSorted((x, y) => x.order_id.localeCompare(y.order_id) || x.version - y.version),
  );

  const orders = (await client.get("/v2/orders?limit=100")).body;
  expect(orders.data.map((each: { id: string }) => each.id)).toEqual(
    [...model.orders.keys()].toReversed(),
  );
  expect(orders.total).toBe(model.orders.size);
  const events = (await client.get("/v2/order_events?limit=100")).body;
  expect(events.data.map((each: ModelEvent) => each.order_event_id)).toEqual(
    model.events.map((each) => each.order_event_id).toReversed(),
  );
  expect(events.total).toBe(model.events.length);
  for (const parity of [0, 1]) {
    const orderIds = [...model.orders]
      .filter(([, order]) => order.partner_order_id === `po-${parity}`)
      .map(([id]) => id);
    await expectList(client, `/v2/orders?partner_order_id=po-${parity}`, "id", orderIds);
    const eventIds = model.events
      .filter((each) => each.amount % 2 === parity)
      .map((each) => each.order_event_id);
    const list = `/v2/order_events?network_transaction_id=nt-${parity}`;
    await expectList(client, list, "order_event_id", eventIds);
  }
  for (const id of ORDER_IDS) {
    const eventIds = model.events
      .filter((each) => each.order_id === id)
      .map((each) => each.order_event_id);
    await expectList(client, `/v2/order_events?order_id=${id}`, "order_event_id", eventIds);
  }
}

let log: ReturnType<typeof vi.spyOn>;
beforeAll(() => {
  log = vi.spyOn(console, "error").mockReturnValue(undefined);
});
afterAll(() => log.mockRestore());

it(`agrees with the model after each of ${RUNS} random histories`, async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(commands, async (history) => {
      const model = new Model();
      const client = await newPartner();
      await fc.asyncModelRun(() => ({ model, real: client }), history);
      await expectAgreement(model, client);
      for (const { change } of model.changes) seen.set(change, (seen.get(change) ?? 0) + 1);
    }),
    { numRuns: RUNS },
  );
  // Histories without changes would prove nothing.
  for (const change of ["CREATED", "REPLACED", "DELETED", "EVENT_APPENDED", "EVENT_DELETED"]) {
    expect(seen.get(change) ?? 0, change).toBeGreaterThan(RUNS / 10);
  }
  console.log(`${RUNS} histories contained ${JSON.stringify(Object.fromEntries(seen))}`);
}, 600_000);
