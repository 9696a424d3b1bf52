import { useState } from "preact/hooks";
import { send } from "./api.ts";
import { shellWord } from "./format.ts";
import { Copy, Status, tell } from "./parts.tsx";
import { Link, pathOf } from "./route.tsx";

interface Step {
  title: string;
  path: string;
  body: Record<string, unknown>;
}

const ORDER = "order-1";
const event = { order_id: ORDER, network_transaction_id: "txn-1" };

/** The README's order, and what happens to it. */
const STEPS: Step[] = [
  {
    title: "Report an order of two lamps",
    path: "/v2/orders",
    body: {
      id: ORDER,
      payment_method_id: "pm-1",
      partner_order_id: "po-1",
      total_order_amount: 5000,
      order_lines: [{ name: "Lamp", quantity: 2, rate: 2500, rewards_rate: 25 }],
    },
  },
  {
    title: "Both are captured",
    path: "/v2/order_events",
    body: {
      order_event_id: "event-1",
      ...event,
      type: "CAPTURED",
      amount: 5000,
      rewards_amount: 50,
    },
  },
  {
    title: "One of them comes back",
    path: "/v2/order_events",
    body: {
      order_event_id: "event-2",
      ...event,
      type: "REFUNDED",
      amount: 2500,
      rewards_amount: 25,
    },
  },
  {
    title: "A refund of more than is left: it is refused, and says why",
    path: "/v2/order_events",
    body: { order_event_id: "event-3", ...event, type: "REFUNDED", amount: 5000 },
  },
];

const HEADERS = { "Content-Type": "application/json" };

/** As it is typed into a shell, with the key in SANDBOX_KEY. */
const curlOf = ({ path, body }: Step): string =>
  [
    `curl ${location.origin}${path}`,
    '-H "Authorization: Bearer $SANDBOX_KEY"',
    '-H "Content-Type: application/json"',
    `-d ${shellWord(JSON.stringify(body))}`,
  ].join(" \\\n  ");

export function FirstStep() {
  const [statuses, setStatuses] = useState<number[]>([]);
  const [isRunning, setRunning] = useState(false);
  const run = async () => {
    setRunning(true);
    const done: number[] = [];
    try {
      for (const { path, body } of STEPS) {
        const { status } = await send("POST", path, HEADERS, JSON.stringify(body));
        done.push(status);
        setStatuses([...done]);
      }
    } catch (error) {
      tell((error as Error).message);
    }
    setRunning(false);
  };
  return (
    <div class="steps">
      <div class="row">
        <button type="button" class="primary" disabled={isRunning} onClick={() => void run()}>
          Make an order, a capture and a refund
        </button>
        {statuses.length === STEPS.length && (
          <Link to={pathOf("orders", ORDER)}>See the order</Link>
        )}
      </div>
      <ol>
        {STEPS.map((step, index) => (
          <li key={step.title}>
            <div class="bar">
              <span>{step.title}</span>
              {statuses[index] !== undefined && <Status status={statuses[index]} />}
              <Copy text={curlOf(step)} what="the call as curl">
                Copy as curl
              </Copy>
            </div>
            <pre tabIndex={0}>{curlOf(step)}</pre>
          </li>
        ))}
      </ol>
    </div>
  );
}

export function Start() {
  return (
    <section class="page" aria-label="First step">
      <h1>First step</h1>
      <p>
        These calls report an order and what happens to it, with your key. Run them here, or copy
        each into a terminal where <code>SANDBOX_KEY</code> is the key. Sent again, they are
        answered with what is there already.
      </p>
      <FirstStep />
      <p>
        Every operation is in <a href="/docs">the reference</a>.
      </p>
    </section>
  );
}
