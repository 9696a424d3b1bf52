import { env, exports } from "cloudflare:workers";
import { expectDescribed } from "./document.ts";
import { generateApiKey, hashApiKey } from "../../src/access/secrets.ts";
import { DEFAULT_ASSUMPTIONS } from "../../src/domain/assumptions.ts";
import type { KnownDataset } from "../../src/store/database.ts";

/** A response of the Worker. `body` is the parsed JSON, or undefined. */
export interface ApiResponse {
  status: number;
  headers: Headers;
  text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read bodies of any shape
  body: any;
}

/** The cost in D1, from `Server-Timing`. */
export interface Cost {
  queries: number;
  rows_read: number;
  rows_written: number;
}

export async function send(
  method: string,
  path: string,
  init: RequestInit = {},
): Promise<ApiResponse> {
  const url = `https://sandbox.test${path}`;
  const response = await exports.default.fetch(new Request(url, { ...init, method }));
  return readResponse(method, url, response);
}

/** Reads a response and validates it against the OpenAPI document. */
export async function readResponse(
  method: string,
  url: string,
  response: Response,
): Promise<ApiResponse> {
  const { status, headers } = response;
  const isStream = headers.get("Content-Type") === "text/event-stream";
  // A stream never ends.
  if (isStream) await response.body?.cancel();
  const text = isStream ? "" : await response.text();
  expectDescribed(method, url, { status, headers, text });
  return { status, headers, text, body: text === "" ? undefined : JSON.parse(text) };
}

/** A client with an API key. */
class KeyHolder {
  readonly key: string;

  constructor(key: string) {
    this.key = key;
  }

  send(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
    return send(method, path, {
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      headers: {
        Authorization: `Bearer ${this.key}`,
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...headers,
      },
    });
  }

  get = (path: string) => this.send("GET", path);
  delete = (path: string, headers?: Record<string, string>) =>
    this.send("DELETE", path, undefined, headers);
  post = (path: string, body?: unknown, headers?: Record<string, string>) =>
    this.send("POST", path, body, headers);
  put = (path: string, body: unknown, headers?: Record<string, string>) =>
    this.send("PUT", path, body, headers);
}

/** The secrets that test/vitest.config.ts configures. */
export const secrets = env as unknown as { ADMIN_TOKEN: string; KEY_SECRET: string };

/** The operator of the sandbox. */
export const operator = new KeyHolder(secrets.ADMIN_TOKEN);

interface ClientIds {
  partnerId: number;
  environmentId: number;
  datasetId: number;
}

/** A client of one environment of a partner. */
export class Client extends KeyHolder {
  readonly partnerId: number;
  readonly environmentId: number;
  /** The first dataset of the environment. A reset replaces it. */
  readonly datasetId: number;

  constructor(ids: ClientIds, key: string) {
    super(key);
    this.partnerId = ids.partnerId;
    this.environmentId = ids.environmentId;
    this.datasetId = ids.datasetId;
  }

  /** The dataset in the form that a ledger receives. */
  get dataset(): KnownDataset {
    return {
      environment_id: this.environmentId,
      dataset_id: this.datasetId,
      has_faults: false,
      has_webhooks: false,
      assume: DEFAULT_ASSUMPTIONS,
    };
  }

  /** Creates an order, and returns its ID. */
  async createOrder(fields: Record<string, unknown> = {}): Promise<string> {
    const response = expectStatus(await this.post("/v2/orders", orderBody(fields)), 200);
    return response.body.id;
  }

  capture = (orderId: string, amount: number, fields: Record<string, unknown> = {}) =>
    this.post("/v2/order_events", eventBody({ order_id: orderId, amount, ...fields }));

  refund = (orderId: string, amount: number, fields: Record<string, unknown> = {}) =>
    this.capture(orderId, amount, { type: "REFUNDED", ...fields });
}

const LONG_AGO = "2025-01-01T00:00:00Z";

/** Creates a partner, so that a test sees no other test's data. */
export const newPartner = (): Promise<Client> =>
  insertClient(
    "(SELECT last_insert_rowid())",
    env.DB.prepare("INSERT INTO partners (name, created_at) VALUES ('Test partner', ?)").bind(
      LONG_AGO,
    ),
  );

/** Creates another environment of a partner, with its own key. */
export const newEnvironment = (partnerId: number): Promise<Client> => insertClient(`${partnerId}`);

const prepare = (text: string, ...values: unknown[]) => env.DB.prepare(text).bind(...values);

/** Inserts an environment with its dataset and a key, in one batch. */
async function insertClient(partnerId: string, ...before: D1PreparedStatement[]): Promise<Client> {
  const key = await generateApiKey([secrets.KEY_SECRET]);
  const { hash, last_four } = await hashApiKey(key);
  const dataset = "datasets WHERE id = last_insert_rowid()";
  const results = await env.DB.batch<ClientIds>([
    ...before,
    prepare(`INSERT INTO environments (partner_id, created_at) VALUES (${partnerId}, ?)`, LONG_AGO),
    prepare(
      `INSERT INTO datasets (partner_id, environment_id)
       SELECT partner_id, id FROM environments WHERE id = last_insert_rowid()`,
    ),
    prepare(
      `UPDATE environments SET dataset_id = last_insert_rowid()
       WHERE id = (SELECT environment_id FROM ${dataset})`,
    ),
    prepare(
      `INSERT INTO api_keys (environment_id, id, hash, last_four, created_at)
       SELECT environment_id, 1, ?, ?, ? FROM ${dataset}`,
      hash,
      last_four,
      LONG_AGO,
    ),
    prepare(
      `SELECT partner_id AS partnerId, environment_id AS environmentId, id AS datasetId
       FROM ${dataset}`,
    ),
  ]);
  return new Client(results.at(-1)!.results[0]!, key);
}

/** A minimal order. */
export function orderBody(fields: Record<string, unknown> = {}) {
  return {
    payment_method_id: "pm-1",
    partner_order_id: "po-1",
    total_order_amount: 10_000,
    ...fields,
  };
}

/** A minimal event. */
export function eventBody(fields: Record<string, unknown> = {}) {
  return { type: "CAPTURED", amount: 100, network_transaction_id: "nt-1", ...fields };
}

/** Fails with the whole response in its message. */
export function expectStatus(response: ApiResponse, status: number): ApiResponse {
  if (response.status !== status) {
    throw new Error(`Expected status ${status}, but received ${response.status}: ${response.text}`);
  }
  return response;
}

/** The text of a response without its IDs, to compare two responses. */
export function withoutIds(response: ApiResponse, id: string): string {
  return response.text.replaceAll(id, "ID").replace(/"request_id":"[^"]+"/, "");
}

/** The status and error of a response, without the message, the link and the request ID. */
export function refusalOf(response: ApiResponse) {
  const { request_id: _, message: __, doc_url: ___, ...error } = response.body.error;
  return { status: response.status, ...error };
}

export function costOf(response: ApiResponse): Cost {
  const header = response.headers.get("Server-Timing") ?? "";
  const figures = /^d1;desc="queries=(\d+) rows_read=(\d+) rows_written=(\d+)"$/.exec(header);
  if (!figures) throw new Error(`Not the sandbox's Server-Timing: ${header}`);
  const [queries, rows_read, rows_written] = figures.slice(1).map(Number);
  return { queries: queries!, rows_read: rows_read!, rows_written: rows_written! };
}
