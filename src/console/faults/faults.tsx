import { useEffect } from "preact/hooks";
import { api, unwrap, type Fault } from "../api.ts";
import { plural } from "../format.ts";
import type { Place } from "../location.ts";
import { attempt, notify, Pending } from "../parts/feedback.tsx";
import { usePolling } from "../parts/polling.ts";
import { useResource } from "../parts/resource.ts";
import { Time } from "../parts/values.tsx";
import { activeFaults, countFaults } from "./active.ts";
import { effectOf, targetOf } from "./effects.ts";
import { FaultForm } from "./form.tsx";

export function Faults({ place }: { place: Place }) {
  const { data, problem, reload } = useResource(
    () => unwrap(api.GET("/sandbox/faults", { params: { query: { limit: 100 } } })),
    [],
  );
  usePolling(reload, []);
  useEffect(reload, [activeFaults.value]);
  const refresh = () => {
    reload();
    void countFaults();
  };
  const remove = async (fault_id: string) => {
    await attempt(async () => {
      await unwrap(api.DELETE("/sandbox/faults/{fault_id}", { params: { path: { fault_id } } }));
      notify("Removed the fault.");
    });
    refresh();
  };
  const removeAll = async () => {
    await attempt(() => unwrap(api.DELETE("/sandbox/faults", {})));
    refresh();
  };
  return (
    <section class="page" aria-label="Faults">
      <h1>Faults</h1>
      <p>
        A fault makes matching requests or notifications fail the way networks and servers fail. It
        applies a set number of times, and is then removed.
      </p>
      <FaultForm orderId={place.query.get("order_id") ?? ""} onAdded={refresh} />
      <div class="bar">
        <h2>Active faults</h2>
        {data && data.total > 1 && (
          <button type="button" onClick={() => void removeAll()}>
            Remove all {data.total}
          </button>
        )}
      </div>
      <Pending {...{ data, problem, reload }} />
      {data?.data.length === 0 && <p class="quiet">None. No response is altered.</p>}
      <ul class="cards">
        {data?.data.map((fault) => (
          <Card key={fault.id} fault={fault} onRemove={() => void remove(fault.id)} />
        ))}
      </ul>
    </section>
  );
}

function Card({ fault, onRemove }: { fault: Fault; onRemove: () => void }) {
  const { remaining, times, skip, delay_ms, created_at } = fault;
  return (
    <li>
      <span>
        <b>{fault.fault}</b> {effectOf(fault.fault)}
        {delay_ms > 0 && ` (${delay_ms} ms)`}
      </span>
      <small class="quiet">
        {targetOf(fault)} · applied {times - remaining} of {plural(times, "time")}
        {skip > 0 && ` · skips the first ${skip}`} · added <Time at={created_at} />
      </small>
      <button type="button" onClick={onRemove}>
        Remove
      </button>
    </li>
  );
}
