import { Link } from "wouter-preact";
import { api, unwrap, type RequestDetails } from "../api.ts";
import { hrefOf } from "../location.ts";
import { useResource } from "../parts/resource.ts";
import { Money } from "../parts/values.tsx";

/** All other numbers are amounts. */
const COUNTS = new Set(["events", "used", "limit"]);

interface FiguresProps {
  figures: Record<string, unknown>;
  order_id: string | undefined;
  currency: string;
}

/** The figures that a refusal is based on. */
export function Figures({ figures, order_id, currency }: FiguresProps) {
  if (Object.keys(figures).length === 0) return null;
  return (
    <dl class="figures">
      {Object.entries(figures).map(([name, value]) => (
        <div key={name}>
          <dt>{name.replaceAll("_", " ")}</dt>
          <dd>
            {typeof value === "number" && !COUNTS.has(name) ? (
              <Money amount={value} currency={currency} />
            ) : name === "order_event_ids" && Array.isArray(value) && order_id ? (
              <EventLinks order_id={order_id} ids={value.map(String)} />
            ) : (
              String(value)
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** The currency of the request or its response, or else of the order. */
export function useCurrency({ content, order_id, error }: RequestDetails): string {
  const known = content?.currency;
  const { data } = useResource(async () => {
    if (!order_id || known || error?.type !== "CONFLICT_ERROR") return undefined;
    const { data: orders } = await unwrap(
      api.GET("/v2/orders", { params: { query: { id: order_id } } }),
    );
    return orders[0]?.currency;
  }, [order_id, known]);
  return known ?? data ?? "USD";
}

function EventLinks({ order_id, ids }: { order_id: string; ids: string[] }) {
  return (
    <>
      {ids.map((event, index) => (
        <>
          {index > 0 && ", "}
          <Link href={hrefOf("orders", order_id, { event })}>{event}</Link>
        </>
      ))}
    </>
  );
}
