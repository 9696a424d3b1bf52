/** The IDs that a request names in its path, query and body. */
export interface RequestIds {
  order_id?: string;
  partner_order_id?: string;
  order_event_id?: string;
  partner_event_id?: string;
  network_transaction_id?: string;
}

/** The fields of a request that faults match. */
export interface RequestSubject extends Omit<RequestIds, "network_transaction_id"> {
  method: string;
  /** Percent-encoded, as in the URL. */
  path: string;
  /** The type of the event in the body. */
  type?: string;
}

type Fields = Record<string, unknown>;

export function subjectOf(
  { method, path }: { method: string; path: string },
  body: Fields,
  query: Fields,
): RequestSubject {
  const { type } = body;
  return { method, path, ...idsOf(path, body, query), ...(typeof type === "string" && { type }) };
}

/**
 * The IDs that a request names, in its path, else its body, else its query. The `id` of an order is its
 * `order_id`. A value that is not a string is ignored.
 */
export function idsOf(path: string, body: Fields, query: Fields): RequestIds {
  const [, , resource, inPath] = pathSegments(path);
  const named = (field: string) => [body[field], query[field]].find((id) => typeof id === "string");
  const isOrder = resource === "orders";
  const isEvent = resource === "order_events";
  const ids = {
    order_id: isOrder ? (inPath ?? named("id")) : named("order_id"),
    partner_order_id: named("partner_order_id"),
    order_event_id: isEvent ? (inPath ?? named("order_event_id")) : undefined,
    partner_event_id: named("partner_event_id"),
    network_transaction_id: named("network_transaction_id"),
  };
  return Object.fromEntries(Object.entries(ids).filter(([, id]) => id !== undefined));
}

/** The decoded segments of a path. A segment with a malformed escape stays as it is. */
export function pathSegments(path: string): string[] {
  return path.split("/").map((segment) => {
    try {
      return decodeURIComponent(segment);
    } catch {
      return segment;
    }
  });
}
