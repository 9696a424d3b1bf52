import { useEffect, useRef } from "preact/hooks";
import type { OrderEvent, OrderLine } from "../api.ts";
import { Money } from "../parts/values.tsx";

interface EventsProps {
  events: OrderEvent[];
  /** The ID of the event to scroll to. */
  open: string | undefined;
}

export function Events({ events, open }: EventsProps) {
  if (events.length === 0) return <p class="quiet">Nothing was captured or refunded.</p>;
  return (
    <ul class="events">
      {events.map((event) => (
        <Event key={event.order_event_id} event={event} isOpen={event.order_event_id === open} />
      ))}
    </ul>
  );
}

function Event({ event, isOpen }: { event: OrderEvent; isOpen: boolean }) {
  const { order_event_id, type, amount, rewards_amount, currency, order_lines } = event;
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isOpen) item.current?.scrollIntoView({ block: "center" });
  }, [isOpen]);
  return (
    <li ref={item} class={isOpen ? "open" : undefined} aria-current={isOpen || undefined}>
      <div class="bar">
        <b>{type}</b>
        <span>{order_event_id}</span>
        <Money amount={amount} currency={currency} />
        {rewards_amount > 0 && (
          <small class="quiet">
            + <Money amount={rewards_amount} currency={currency} /> rewards
          </small>
        )}
      </div>
      <small class="quiet">
        {[event.partner_event_id, event.network_transaction_id].filter(Boolean).join(" · ")}
      </small>
      {order_lines && <Lines lines={order_lines} currency={currency} />}
    </li>
  );
}

const COLUMNS = ["quantity", "rate", "rewards rate", "total"];

export function Lines({ lines, currency }: { lines: OrderLine[]; currency: string }) {
  return (
    <div class="table">
      <table>
        <thead>
          <tr>
            <th scope="col">name</th>
            {COLUMNS.map((name) => (
              <th key={name} scope="col" class="right">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map(({ name, quantity, rate, rewards_rate, ...others }, index) => (
            <tr key={index}>
              <td>
                {name}
                {Object.values(others).map((other) => (
                  <small key={other} class="quiet">
                    {" "}
                    {other}
                  </small>
                ))}
              </td>
              <td class="right">{quantity}</td>
              {[rate, rewards_rate, rate * quantity].map((amount, column) => (
                <td key={column} class="right">
                  <Money amount={amount} currency={currency} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
