import { useEffect, useState } from "preact/hooks";
import type { RecordedRequest } from "../api.ts";
import { setQuery, type Place } from "../location.ts";
import { TextFilter } from "../parts/filters.tsx";
import { FirstSteps } from "../start.tsx";
import { FIRST_ID, followStream } from "../stream.ts";
import { DeletedList } from "./deleted.tsx";
import { OrderDetail } from "./detail.tsx";
import { OrderList } from "./list.tsx";

export function Orders({ place: { id, query } }: { place: Place }) {
  const search = query.get("search") ?? "";
  const isDeleted = query.get("show") === "deleted";
  const [revisions, setRevisions] = useState<Revisions>(NO_REVISIONS);
  const [newest, setNewest] = useState<Newest>({ isDeleted });
  useEffect(() => followWrites((ids) => setRevisions((before) => increase(before, ids))), []);
  const isKnown = newest.isDeleted === isDeleted;
  const open = id ?? (isKnown ? newest.id : undefined);
  const isFirstUse = isKnown && newest.isNone && !isDeleted && !search;
  const suggest = (first: string | undefined) =>
    setNewest((before) =>
      before.id !== undefined && before.isDeleted === isDeleted
        ? before
        : { isDeleted, id: first, isNone: first === undefined },
    );
  return (
    <div class={`split${id ? " open" : ""}${isFirstUse ? " first-use" : ""}`}>
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
          <DeletedList open={open} revision={revisions.total} query={query} onLoaded={suggest} />
        ) : (
          <OrderList
            key={search}
            search={search}
            open={open}
            revisions={revisions}
            query={query}
            onLoaded={suggest}
          />
        )}
      </section>
      <section class="detail" aria-label="Order">
        {open ? (
          <OrderDetail key={open} id={open} revision={revisions.of.get(open) ?? 0} query={query} />
        ) : (
          isFirstUse && (
            <div class="scroll">
              <FirstSteps />
            </div>
          )
        )}
      </section>
    </div>
  );
}

/** The order to show until one is chosen, in each of the two lists. */
interface Newest {
  isDeleted: boolean;
  id?: string | undefined;
  isNone?: boolean;
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
  const stop = followStream<RecordedRequest>({
    path: "/sandbox/requests/stream",
    query: new URLSearchParams({ since }),
    lastId: () => last ?? FIRST_ID,
    onItem: ({ id, method, order_id }) => {
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
