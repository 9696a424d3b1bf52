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
  const isDeleted = query.get("show") === "deleted";
  const revisions = useRevisions();
  const [newest, setNewest] = useState<Newest>({ isDeleted });
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
        <ListHeader isDeleted={isDeleted} query={query} />
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

function ListHeader({ isDeleted, query }: { isDeleted: boolean; query: URLSearchParams }) {
  return (
    <>
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
    </>
  );
}

/** The order to show until one is chosen, in each of the two lists. */
interface Newest {
  isDeleted: boolean;
  id?: string | undefined;
  isNone?: boolean;
}
