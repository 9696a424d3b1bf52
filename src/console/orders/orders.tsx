import { useState } from "preact/hooks";
import { setQuery, type Place } from "../location.ts";
import { TextFilter } from "../parts/filters.tsx";
import { FirstSteps } from "../start.tsx";
import { DeletedList } from "./deleted.tsx";
import { OrderDetail } from "./detail.tsx";
import { OrderList } from "./list.tsx";
import { revisionOf, useRevisions } from "./revisions.ts";

export function Orders({ place: { id, query } }: { place: Place }) {
  const search = query.get("search") ?? "";
  const show = query.get("show") ?? "";
  const revisions = useRevisions();
  const [newest, setNewest] = useState<Newest>({ show });
  const isKnown = newest.show === show;
  const open = id ?? (isKnown ? newest.id : undefined);
  const isFirstUse = isKnown && newest.isNone && !show && !search;
  const suggest = (first: string | undefined) =>
    setNewest((before) =>
      before.id !== undefined && before.show === show
        ? before
        : { show, id: first, isNone: first === undefined },
    );
  return (
    <div class={`split${id ? " open" : ""}${isFirstUse ? " first-use" : ""}`}>
      <section class="list" aria-label="Orders">
        <ListHeader show={show} query={query} />
        {show === "deleted" ? (
          <DeletedList open={open} revision={revisions.total} query={query} onLoaded={suggest} />
        ) : (
          <OrderList
            key={`${show} ${search}`}
            search={search}
            hasFindings={show === "findings"}
            open={open}
            revisions={revisions}
            query={query}
            onLoaded={suggest}
          />
        )}
      </section>
      <section class="detail" aria-label="Order">
        {open ? (
          <OrderDetail key={open} id={open} revision={revisionOf(revisions, open)} query={query} />
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

/** The lists that show only some of the orders, and their names. */
const LISTS = [
  ["findings", "With findings"],
  ["deleted", "Deleted"],
] as const;

function ListHeader({ show, query }: { show: string; query: URLSearchParams }) {
  return (
    <>
      <div class="bar">
        <h1>Orders</h1>
        {LISTS.map(([list, name]) => (
          <button
            key={list}
            type="button"
            aria-pressed={show === list}
            onClick={() => setQuery("show", show === list ? "" : list)}
          >
            {name}
          </button>
        ))}
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
    </>
  );
}

/** The newest order of the shown list, which is open until one is chosen. */
interface Newest {
  show: string;
  id?: string | undefined;
  isNone?: boolean;
}
