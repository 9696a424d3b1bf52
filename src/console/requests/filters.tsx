import { Link } from "wouter-preact";
import type { RecordedRequest } from "../api.ts";
import { hrefOf, setQuery } from "../location.ts";
import { SelectFilter, TextFilter } from "../parts/filters.tsx";

/** The filters of the API, by its own names. */
const FILTERS = new Set([
  "method",
  "path",
  "status",
  "order_id",
  "partner_order_id",
  "partner_event_id",
  "request_id",
  "since",
]);
const METHODS = ["GET", "POST", "PUT", "DELETE"];
const STATUSES = ["2xx", "4xx", "5xx", "400", "401", "404", "409", "412", "422", "429", "503"];

export function filterOf(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...query].filter(([name, value]) => value && FILTERS.has(name)));
}

export function Filters({ query }: { query: URLSearchParams }) {
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <TextFilter name="path" label="Path" placeholder="/v2/orders*" query={query} isSearch />
      <SelectFilter name="method" label="Method" options={METHODS} query={query} />
      <SelectFilter name="status" label="Status" options={STATUSES} query={query} />
      <TextFilter name="order_id" label="Order" placeholder="order ID" query={query} />
      <TextFilter
        name="partner_order_id"
        label="Partner's order"
        placeholder="partner_order_id"
        query={query}
      />
      <TextFilter
        name="partner_event_id"
        label="Partner's event"
        placeholder="partner_event_id"
        query={query}
      />
      {["request_id", "since"]
        .filter((name) => query.has(name))
        .map((name) => (
          <button key={name} type="button" class="chip" onClick={() => setQuery(name, "")}>
            {name} {query.get(name)}: show all
          </button>
        ))}
    </form>
  );
}

const MAX_LINKS = 3;

/** Links to all requests of a partner's order: order events carry only the order's own ID. */
export function OrdersOfPartner({ requests }: { requests: readonly RecordedRequest[] }) {
  const ids = [...new Set(requests.flatMap(({ order_id }) => order_id ?? []))];
  if (ids.length === 0) return null;
  return (
    <p class="quiet">
      Order events have no <code>partner_order_id</code>, so they are not listed here.
      {ids.slice(0, MAX_LINKS).map((id) => (
        <span key={id}>
          {" "}
          <Link href={hrefOf("requests", undefined, { order_id: id })}>All of {id}</Link>
        </span>
      ))}
    </p>
  );
}
