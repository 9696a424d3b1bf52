import { useEffect, useState } from "preact/hooks";
import type { Order } from "../api.ts";
import type { Place } from "../location.ts";
import { TextFilter } from "../parts/filters.tsx";
import { FirstSteps } from "../start.tsx";
import { followRequests } from "../stream.ts";
import { OrderDetail } from "./detail.tsx";
import { OrderList } from "./list.tsx";

export function Orders({ place: { id, query } }: { place: Place }) {
  const search = query.get("search") ?? "";
  const [changes, setChanges] = useState(0);
  const [newest, setNewest] = useState<Order | "none">();
  useEffect(() => followWrites(() => setChanges((before) => before + 1)), []);
  const open = id ?? (newest === "none" ? undefined : newest?.id);
  return (
    <div class={id ? "split open" : "split"}>
      <section class="list" aria-label="Orders">
        <div class="bar">
          <h1>Orders</h1>
        </div>
        <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
          <TextFilter
            class="wide"
            name="search"
            label="Order ID or partner_order_id"
            placeholder="order-1"
            query={query}
            isSearch
          />
        </form>
        <OrderList
          key={search}
          search={search}
          open={open}
          changes={changes}
          query={query}
          onLoaded={(order) => setNewest((before) => (before instanceof Object ? before : order))}
        />
      </section>
      <section class="detail" aria-label="Order">
        {open ? (
          <OrderDetail key={open} id={open} changes={changes} query={query} />
        ) : (
          newest === "none" && !search && <FirstSteps />
        )}
      </section>
    </div>
  );
}

/** How long changes gather before the orders are read again. */
const GATHER_MILLISECONDS = 200;
/** A request that was sent before this page loaded may still be recorded later. */
const LATE_MILLISECONDS = 10_000;

/** Reports requests that may have changed an order. */
function followWrites(onChange: () => void): () => void {
  const since = new Date(Date.now() - LATE_MILLISECONDS).toISOString();
  let last: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = followRequests({
    query: new URLSearchParams({ since }),
    lastId: () => last,
    onRequest: ({ id, method }) => {
      last = id;
      if (method === "GET") return;
      timer ??= setTimeout(() => {
        timer = undefined;
        onChange();
      }, GATHER_MILLISECONDS);
    },
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}
