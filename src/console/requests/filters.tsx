import { useRef, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { navigate } from "wouter-preact/use-browser-location";
import { REFUSAL_STATUSES } from "../../domain/errors.ts";
import type { RequestFilter } from "../../domain/requests.ts";
import { api, unwrap, type RecordedRequest } from "../api.ts";
import { hrefOf } from "../location.ts";
import { SelectFilter, TextFilter, useTyped } from "../parts/filters.tsx";
import { bareId, filterOf, parseSearch, searchOf, suggestionsFor } from "./query.ts";

const METHODS = ["GET", "POST", "PUT", "DELETE"];
const STATUSES = [
  ...new Set(["2xx", "4xx", "5xx", "401", "429", ...Object.values(REFUSAL_STATUSES).map(String)]),
];

/** The labels and examples of the text filters. */
const FIELDS: Record<
  Exclude<keyof RequestFilter, "method" | "status" | "request_id" | "since">,
  [label: string, example: string]
> = {
  path: ["Path", "/v2/orders*"],
  order_id: ["Order", "order-*"],
  order_event_id: ["Event", "event-1"],
  network_transaction_id: ["Transaction", "txn-1"],
  partner_order_id: ["Partner's order", "po-1"],
  partner_event_id: ["Partner's event", "pe-1"],
};

/** A search box, and on demand a field for each filter. Both change the URL. */
export function Filters({ query }: { query: URLSearchParams }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <SearchBox query={query} />
      <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        Fields
      </button>
      {isOpen && (
        <div class="grid">
          <SelectFilter name="method" label="Method" options={METHODS} query={query} />
          <SelectFilter name="status" label="Status" options={STATUSES} query={query} />
          {Object.entries(FIELDS).map(([name, [label, placeholder]]) => (
            <TextFilter
              key={name}
              name={name}
              label={label}
              placeholder={placeholder}
              query={query}
            />
          ))}
        </div>
      )}
    </form>
  );
}

const isSameSearch = (text: string, other: string) =>
  parseSearch(text).toString() === parseSearch(other).toString() ||
  (other.endsWith(`:${bareId(text)}*`) && !other.includes(" "));

const ID_FIELDS = [
  "order_id",
  "partner_order_id",
  "order_event_id",
  "network_transaction_id",
] as const;

/** The filter of a search text. For a single ID, searches each ID field. */
async function filterFor(text: string): Promise<URLSearchParams> {
  const id = bareId(text);
  if (id === undefined) return parseSearch(text);
  const filters = ID_FIELDS.map((name) => ({ [name]: `${id}*` }));
  const pages = await Promise.all(
    filters.map((filter) =>
      unwrap(api.GET("/sandbox/requests", { params: { query: { ...filter, limit: 1 } } })).catch(
        () => undefined,
      ),
    ),
  );
  return new URLSearchParams(filters[pages.findIndex((page) => page?.total)] ?? filters[0]);
}

function SearchBox({ query }: { query: URLSearchParams }) {
  const searched = useRef("");
  const search = async (text: string) => {
    searched.current = text;
    const path = location.pathname;
    const kind = query.get("kind");
    const filter = await filterFor(text);
    // The search may end after another text was typed, or another page was opened.
    if (searched.current !== text || location.pathname !== path) return;
    if (kind) filter.set("kind", kind);
    navigate(hrefOf("requests", undefined, filter), { replace: true });
  };
  const [text, setText] = useTyped(
    searchOf(filterOf(query)),
    (typed) => void search(typed),
    isSameSearch,
  );
  return (
    <label class="field wide">
      <span class="hidden">Search</span>
      <input
        type="search"
        list="suggestions"
        placeholder="Search: status:409 order:order-1"
        value={text}
        autocomplete="off"
        spellcheck={false}
        data-search
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <datalist id="suggestions">
        {suggestionsFor(text).map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </label>
  );
}

const MAX_LINKS = 3;

/** A search by `partner_order_id` misses requests for events, which lack it. These links show each order's requests. */
export function OrdersOfPartner({ requests }: { requests: readonly RecordedRequest[] }) {
  const ids = [...new Set(requests.flatMap(({ order_id }) => order_id ?? []))];
  if (ids.length === 0) return null;
  return (
    <p class="quiet">
      Requests for order events have no <code>partner_order_id</code>, so they are not listed here.
      {ids.slice(0, MAX_LINKS).map((id) => (
        <span key={id}>
          {" "}
          <Link href={hrefOf("requests", undefined, { order_id: id })}>All requests for {id}</Link>
        </span>
      ))}
    </p>
  );
}
