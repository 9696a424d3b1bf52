import { useEffect, useMemo } from "preact/hooks";
import { Link } from "wouter-preact";
import { SUMS } from "../../domain/ledger-state.ts";
import { plural } from "../format.ts";
import { hrefOf } from "../location.ts";
import { Pending } from "../parts/feedback.tsx";
import { usePages } from "../parts/pages.ts";
import { VirtualList } from "../parts/virtual-list.tsx";
import { findOrders, newestOrders, ordersWithFindings } from "./find.ts";
import { revisionOf, type Revisions } from "./revisions.ts";
import { Row, type HistoryCache } from "./row.tsx";

interface OrderListProps {
  search: string;
  /** Whether only orders with findings are listed. */
  hasFindings: boolean;
  open: string | undefined;
  revisions: Revisions;
  query: URLSearchParams;
  onLoaded: (newest: string | undefined) => void;
}

/** The colors of a row's bar. */
const LEGEND = [...SUMS.map((sum) => [sum, sum]), ["excess", "captured beyond the total"]];

export function OrderList(props: OrderListProps) {
  const { search, hasFindings, open, revisions, query, onLoaded } = props;
  const { items, total, problem, reload, loadMore } = usePages(
    (after) =>
      search ? findOrders(search) : hasFindings ? ordersWithFindings() : newestOrders(after),
    [],
    revisions.total,
  );
  useEffect(() => {
    if (items) onLoaded(items[0]?.id);
  }, [items]);
  const cache = useMemo<HistoryCache>(() => new Map(), []);
  if (!items) return <Pending {...{ data: items, problem, reload }} />;
  if (items.length === 0) {
    return hasFindings ? (
      <p class="quiet">No findings.</p>
    ) : (
      <Empty search={search} query={query} />
    );
  }
  return (
    <>
      <VirtualList
        label="Orders, newest first"
        items={items}
        total={total}
        open={open}
        onEnd={loadMore}
        row={(order) => (
          <Row
            order={order}
            isOpen={order.id === open}
            query={query}
            revision={revisionOf(revisions, order.id)}
            cache={cache}
          />
        )}
      />
      <p class="count quiet">
        <span>{plural(total, "order")}</span>
        {LEGEND.map(([name, text]) => (
          <span key={name} class="legend">
            <i class={`filled ${name}`} /> {text}
          </span>
        ))}
      </p>
    </>
  );
}

function Empty({ search, query }: { search: string; query: URLSearchParams }) {
  if (!search) return <p class="quiet">No orders yet.</p>;
  return (
    <p class="quiet">
      No order has this ID. If it was deleted, see{" "}
      <Link href={hrefOf("orders", search, query)}>its page</Link>.
    </p>
  );
}
