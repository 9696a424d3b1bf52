import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { send } from "./api.ts";
import { curlOf, withMoney } from "./format.ts";
import { hrefOf } from "./location.ts";
import { Copy, notify } from "./parts/feedback.tsx";
import { Status } from "./parts/values.tsx";

interface Step {
  title: string;
  path: string;
  body: Record<string, unknown>;
}

interface Outcome {
  status: number;
  /** Of an error. */
  message: string | undefined;
}

/** The last step shows a rejection. */
const REJECTED = 409;

const ORDER = "order-1";
const event = { order_id: ORDER, network_transaction_id: "txn-1" };

/** The README's example. */
const STEPS: Step[] = [
  {
    title: "Create an order of two lamps",
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
    title: "Capture both",
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
    title: "Refund one of them",
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
    title: "Refund more than is left: the sandbox rejects it and explains why",
    path: "/v2/order_events",
    body: { order_event_id: "event-3", ...event, type: "REFUNDED", amount: 5000 },
  },
];

const HEADERS = { "Content-Type": "application/json" };

/** On several lines. */
const curlOfStep = ({ path, body }: Step): string => curlOf(path, body, " \\\n  ");

export function FirstSteps() {
  const [outcomes, setOutcomes] = useState<Outcome[]>([]);
  const [isRunning, setRunning] = useState(false);
  const run = async () => {
    setRunning(true);
    setOutcomes([]);
    try {
      for (const { path, body } of STEPS) {
        const response = await send("POST", path, HEADERS, JSON.stringify(body));
        const { error } = (await response.json()) as { error?: { message: string } };
        const outcome = { status: response.status, message: error?.message };
        setOutcomes((before) => [...before, outcome]);
      }
    } catch (error) {
      notify((error as Error).message);
    }
    setRunning(false);
  };
  return (
    <div class="steps">
      <div class="row">
        <button type="button" class="primary" disabled={isRunning} onClick={() => void run()}>
          Run all four steps
        </button>
        {outcomes.length === STEPS.length && (
          <Link href={hrefOf("orders", ORDER)}>Show the order</Link>
        )}
      </div>
      <ol>
        {STEPS.map((step, index) => (
          <li key={step.title}>
            <div class="bar">
              <span>{step.title}</span>
              {outcomes[index] && <Status status={outcomes[index].status} />}
              <Copy text={curlOfStep(step)} subject="the request as curl">
                Copy as curl
              </Copy>
            </div>
            <pre tabIndex={0}>{curlOfStep(step)}</pre>
            {outcomes[index]?.message && (
              <p>
                {withMoney(outcomes[index].message, "USD")}{" "}
                {outcomes[index].status === REJECTED &&
                  "This 409 is expected. The order is unchanged."}
              </p>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}

export function Start() {
  return (
    <section class="page" aria-label="First steps">
      <h1>First steps</h1>
      <p>
        These requests create an order, capture it and refund a part of it. Run them here, or copy
        them into a terminal where <code>SANDBOX_KEY</code> holds the key. Repeating them changes
        nothing.
      </p>
      <FirstSteps />
      <p>
        <a href="/docs">The reference</a> describes every operation.
      </p>
    </section>
  );
}
