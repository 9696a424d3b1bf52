import { useEffect, useState } from "preact/hooks";
import type { Order } from "../api.ts";
import { setQuery, type Place } from "../location.ts";
import { TextFilter } from "../parts/filters.tsx";
import { FirstSteps } from "../start.tsx";
import { followRequests } from "../stream.ts";
import { DeletedList } from "./deleted.tsx";
import { OrderDetail } from "./detail.tsx";
import { OrderList } from "./list.tsx";

export function Orders({ place: { id, query } }: { place: Place }) {
  const search = query.get("search") ?? "";
  const isDeleted = query.get("show") === "deleted";
  const [revisions, setRevisions] = useState<Revisions>(NO_REVISIONS);
  const [newest, setNewest] = useState<Order | "none">();
  useEffect(() => followWrites((ids) => setRevisions((before) => increase(before, ids))), []);
  const open = id ?? (newest === "none" ? undefined : newest?.id);
  return (
    <div class={`split${id ? " open" : ""}${newest === "none" && !search ? " first-use" : ""}`}>
      <section class="list" aria-label="Orders">
        <div class="bar">
          <h1>Orders</h1>
          <button
            type="button"
            aria-pressed={isDeleted}
            onClick={() => setQuery("show", isDeleted ? "" : "deleted")}
          >
            Deleted
          </button>
        </div>
        <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
          <TextFilter
            class="wide"
            name="search"
            label="ID of an order, event or transaction"
            placeholder="order-1"
            query={query}
            isSearch
          />
        </form>
        {isDeleted ? (
          <DeletedList open={open} revision={revisions.total} query={query} />
        ) : (
          <OrderList
            key={search}
            search={search}
            open={open}
            revisions={revisions}
            query={query}
            onLoaded={(order) => setNewest((before) => (before instanceof Object ? before : order))}
          />
        )}
      </section>
      <section class="detail" aria-label="Order">
        {open ? (
          <OrderDetail key={open} id={open} revision={revisions.of.get(open) ?? 0} query={query} />
        ) : (
          newest === "none" &&
          !search && (
            <div class="scroll">
              <FirstSteps />
            </div>
          )
        )}
      </section>
    </div>
  );
}

/** How often the orders may have changed: all together, and each. */
export interface Revisions {
  total: number;
  of: ReadonlyMap<string, number>;
}

const NO_REVISIONS: Revisions = { total: 0, of: new Map() };

function increase({ total, of }: Revisions, ids: ReadonlySet<string>): Revisions {
  const changed = [...ids].map((id) => [id, (of.get(id) ?? 0) + 1] as const);
  return { total: total + 1, of: new Map([...of, ...changed]) };
}

/** How long changes gather before the orders are read again. */
const GATHER_MILLISECONDS = 200;
/** A request that was sent before this page loaded may still be recorded later. */
const LATE_MILLISECONDS = 10_000;

/** Reports the orders that requests may have changed. */
function followWrites(onChange: (ids: ReadonlySet<string>) => void): () => void {
  const since = new Date(Date.now() - LATE_MILLISECONDS).toISOString();
  let last: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let changed = new Set<string>();
  const report = () => {
    timer = undefined;
    onChange(changed);
    changed = new Set();
  };
  const stop = followRequests({
    query: new URLSearchParams({ since }),
    lastId: () => last,
    onRequest: ({ id, method, order_id }) => {
      last = id;
      if (method === "GET") return;
      if (order_id !== undefined) changed.add(order_id);
      timer ??= setTimeout(report, GATHER_MILLISECONDS);
    },
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}
