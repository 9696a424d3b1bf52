import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { api, unwrap, type Order } from "../api.ts";
import { plural } from "../format.ts";
import { hrefOf } from "../location.ts";
import { Failure, Loading } from "../parts/feedback.tsx";
import { useResource } from "../parts/resource.ts";
import { VirtualList } from "../parts/virtual-list.tsx";
import type { Revisions } from "./orders.tsx";
import { Row, type TimelineCache } from "./row.tsx";

const PAGE = 100;
const ID_PATTERN = /^[\x21-\x7e]{1,255}$/;

interface OrderListProps {
  search: string;
  open: string | undefined;
  revisions: Revisions;
  query: URLSearchParams;
  onLoaded: (newest: Order | "none") => void;
}

const listOrders = (query: Record<string, string | number>) =>
  unwrap(api.GET("/v2/orders", { params: { query } }));

/** Finds orders by their own ID or by the partner's. */
async function findOrders(search: string): Promise<{ orders: Order[]; total: number }> {
  const [byId, byPartnerId] = await Promise.all([
    ID_PATTERN.test(search) ? listOrders({ id: search }) : { data: [] },
    listOrders({ partner_order_id: search, limit: PAGE }),
  ]);
  const orders = [...byId.data, ...byPartnerId.data.filter(({ id }) => id !== search)];
  return { orders, total: orders.length };
}

async function newestOrders(): Promise<{ orders: Order[]; total: number }> {
  const { data, total } = await listOrders({ limit: PAGE });
  return { orders: data, total: total ?? data.length };
}

export function OrderList({ search, open, revisions, query, onLoaded }: OrderListProps) {
  const { data, problem, reload } = useResource(
    () => (search ? findOrders(search) : newestOrders()),
    [search],
    revisions.total,
  );
  useEffect(() => {
    if (data) onLoaded(data.orders[0] ?? "none");
  }, [data]);
  const timelines = useMemo<TimelineCache>(() => new Map(), []);
  const { orders, loadMore } = useOlder(data?.orders ?? [], search);
  if (problem && !data) return <Failure problem={problem} retry={reload} />;
  if (!data) return <Loading />;
  if (orders.length === 0) return <Empty search={search} query={query} />;
  return (
    <>
      <VirtualList
        label="Orders, newest first"
        items={orders}
        total={data.total}
        open={open}
        onEnd={() => void loadMore()}
        row={(order) => (
          <Row
            order={order}
            isOpen={order.id === open}
            query={query}
            revision={revisions.of.get(order.id) ?? 0}
            cache={timelines}
          />
        )}
      />
      <p class="count quiet">{plural(data.total, "order")}</p>
    </>
  );
}

/** Appends older pages to the newest one. */
function useOlder(newest: Order[], search: string) {
  const [older, setOlder] = useState<Order[]>([]);
  const isLoading = useRef(false);
  const orders = useMemo(() => {
    const ids = new Set(newest.map(({ id }) => id));
    return [...newest, ...older.filter(({ id }) => !ids.has(id))];
  }, [newest, older]);
  const loadMore = async () => {
    const last = orders.at(-1);
    if (search || !last || isLoading.current) return;
    isLoading.current = true;
    const page = await listOrders({ limit: PAGE, starting_after: last.id }).catch(() => undefined);
    isLoading.current = false;
    if (page) setOlder((before) => [...before, ...page.data]);
  };
  return { orders, loadMore };
}

function Empty({ search, query }: { search: string; query: URLSearchParams }) {
  if (!search) return <p class="quiet">No orders yet.</p>;
  return (
    <p class="quiet">
      No order has this ID or <code>partner_order_id</code>. A deleted order still has{" "}
      <Link href={hrefOf("orders", search, query)}>its page</Link>.
    </p>
  );
}
