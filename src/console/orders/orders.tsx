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
  const showsDeleted = query.get("show") === "deleted";
  const revisions = useRevisions();
  const [newest, setNewest] = useState<Newest>({ showsDeleted });
  const isKnown = newest.showsDeleted === showsDeleted;
  const open = id ?? (isKnown ? newest.id : undefined);
  const isFirstUse = isKnown && newest.isNone && !showsDeleted && !search;
  const suggest = (first: string | undefined) =>
    setNewest((before) =>
      before.id !== undefined && before.showsDeleted === showsDeleted
        ? before
        : { showsDeleted, id: first, isNone: first === undefined },
    );
  return (
    <div class={`split${id ? " open" : ""}${isFirstUse ? " first-use" : ""}`}>
      <section class="list" aria-label="Orders">
        <ListHeader showsDeleted={showsDeleted} query={query} />
        {showsDeleted ? (
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

function ListHeader({ showsDeleted, query }: { showsDeleted: boolean; query: URLSearchParams }) {
  return (
    <>
      <div class="bar">
        <h1>Orders</h1>
        <button
          type="button"
          aria-pressed={showsDeleted}
          onClick={() => setQuery("show", showsDeleted ? "" : "deleted")}
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

/** The newest order of the shown list, which is open until one is chosen. */
interface Newest {
  showsDeleted: boolean;
  id?: string | undefined;
  isNone?: boolean;
}
