import { Link } from "wouter-preact";
import { api, unwrap, type RequestDetails } from "../api.ts";
import { hrefOf } from "../location.ts";
import { parse } from "../parts/json.tsx";
import { useResource } from "../parts/resource.ts";
import { Money } from "../parts/values.tsx";

const AMOUNTS = new Set(["ordered", "captured", "refunded", "refundable", "requested"]);

interface FiguresProps {
  figures: Record<string, unknown>;
  request: RequestDetails;
}

/** The figures that a refusal is based on. */
export function Figures({ figures, request }: FiguresProps) {
  const currency = useCurrency(request);
  return (
    <dl class="figures">
      {Object.entries(figures).map(([name, value]) => (
        <div key={name}>
          <dt>{name.replaceAll("_", " ")}</dt>
          <dd>
            {typeof value === "number" && AMOUNTS.has(name) ? (
              <Money amount={value} currency={currency} />
            ) : name === "order_event_ids" && Array.isArray(value) && request.order_id ? (
              <EventLinks order_id={request.order_id} ids={value.map(String)} />
            ) : typeof value === "string" ? (
              value
            ) : (
              JSON.stringify(value)
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** The currency that the request names, otherwise the order's. */
function useCurrency({ request, order_id }: RequestDetails): string {
  const body = parse(request.body ?? "")?.value as { currency?: unknown } | null | undefined;
  const sent = typeof body?.currency === "string" ? body.currency : undefined;
  const { data } = useResource(async () => {
    if (!order_id || sent) return undefined;
    const { data: orders } = await unwrap(
      api.GET("/v2/orders", { params: { query: { id: order_id } } }),
    );
    return orders[0]?.currency;
  }, [order_id, sent]);
  return sent ?? data ?? "USD";
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
