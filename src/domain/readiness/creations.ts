import { fastHash } from "../fast-hash.ts";
import { FAULTS } from "../faults.ts";
import type { RequestIds } from "../request-subject.ts";
import type { ObservedRequest } from "./facts.ts";

/** The paths that create, with the IDs of what they create. */
const CREATED_IDS: Record<string, (keyof RequestIds)[]> = {
  "/v2/orders": ["order_id", "partner_order_id"],
  "/v2/order_events": ["order_event_id", "partner_event_id"],
};

export const isCreation = ({ method, path }: ObservedRequest): boolean =>
  method === "POST" && Object.hasOwn(CREATED_IDS, path);

/** Whether the request changed something, even if a fault altered its response. */
export const isExecuted = ({ version_after, replayed }: ObservedRequest): boolean =>
  version_after !== null && !replayed;

/** Whether the client received a complete response that reports success. */
export function isSuccess({ status, fault }: ObservedRequest): boolean {
  const isComplete = !fault || FAULTS[fault.fault].delivers === "everything";
  return isComplete && status !== null && status < 300;
}

const ID_PARAMS = new Set(["id", "order_event_id", "partner_event_id"]);

/** Whether the request was refused because its ID exists. */
export const isIdTaken = ({ status, error }: ObservedRequest): boolean =>
  status === 409 && error?.type === "CONFLICT_ERROR" && ID_PARAMS.has(error.param ?? "");

/** The IDs of a created order or event, each with the hash of the ID that a list ends with. */
export function namesOf(created: ObservedRequest): string[] {
  if (!isCreation(created)) return [];
  const [main] = CREATED_IDS[created.path]!;
  return namesWith(created, fastHash(created[main!] ?? ""));
}

/**
 * The names of the order or event that a list filtered by its ID found. Only a page's last item is recorded, so that is
 * the one compared.
 */
export function namesFoundBy(read: ObservedRequest): string[] {
  const last = read.trace.page?.last;
  if (read.method !== "GET" || !isSuccess(read) || last === undefined) return [];
  return namesWith(read, last);
}

function namesWith(request: ObservedRequest, last: number): string[] {
  const { path } = request;
  const ids = (CREATED_IDS[path] ?? []).filter((name) => request[name] !== null);
  return ids.map((name) => JSON.stringify([path, name, request[name], last]));
}

/** Equal for requests that create the same order or event, even under different IDs. */
export function contentKeyOf(request: ObservedRequest): string {
  const { path, content, order_id, partner_order_id, network_transaction_id } = request;
  const { event_type, amount } = content ?? {};
  return JSON.stringify(
    path === "/v2/orders"
      ? [path, partner_order_id, amount]
      : [path, order_id, event_type, amount, network_transaction_id],
  );
}

/** The attempts to create one order or event, oldest first. */
export interface Creation {
  attempts: ObservedRequest[];
  identities: string[];
}

/**
 * Groups the requests that create the same order or event. They share an ID or an `Idempotency-Key`; requests without
 * either share their content. After a deletion, the same ID starts a new group.
 */
export function creationsOf(requests: readonly ObservedRequest[]): Creation[] {
  const creations: Creation[] = [];
  const known = new Map<string, Creation>();
  for (const request of requests) {
    if (request.method === "DELETE" && isExecuted(request)) {
      const deleted = known.get(deletedIdentity(request));
      for (const each of deleted?.identities ?? []) known.delete(each);
    }
    if (!isCreation(request)) continue;
    const identities = identitiesOf(request);
    const found = identities.map((each) => known.get(each)).find((each) => each !== undefined);
    const creation = found ?? { attempts: [], identities: [] };
    if (!found) creations.push(creation);
    creation.attempts.push(request);
    for (const each of identities) {
      if (known.has(each)) continue;
      known.set(each, creation);
      creation.identities.push(each);
    }
  }
  return creations;
}

function identitiesOf(request: ObservedRequest): string[] {
  const { path, order_id, order_event_id, partner_event_id, trace } = request;
  const isOrder = path === "/v2/orders";
  const identities: string[] = [];
  const id = isOrder ? order_id : order_event_id;
  if (id !== null && trace.has_own_id) identities.push(`${path} ${id}`);
  if (!isOrder && partner_event_id !== null) identities.push(`partner ${partner_event_id}`);
  if (trace.idempotency_key !== undefined) identities.push(`key ${trace.idempotency_key}`);
  if (identities.length === 0) identities.push(`content ${trace.hash ?? request.id}`);
  return identities;
}

function deletedIdentity({ path, order_id, order_event_id }: ObservedRequest): string {
  return path.startsWith("/v2/orders/")
    ? `/v2/orders ${order_id}`
    : `/v2/order_events ${order_event_id}`;
}
