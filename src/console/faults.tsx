import { useEffect, useState } from "preact/hooks";
import { answered, api, type Fault, type Problem } from "./api.ts";
import { Failure, Loading, tell, Time, useLoaded } from "./parts.tsx";
import { Link, pathOf, type Place } from "./route.tsx";
import { session } from "./session.ts";
import { Store, useStore } from "./store.ts";

type Name = Fault["fault"];

/** Each as the beginning of a sentence that ends in "requests". */
const VERBS: Record<Name, string> = {
  lost_response: "do, but lose the answer of",
  cut_response: "do, but cut off the answer of",
  error_after_commit: "do, but answer 500 to",
  gateway_timeout: "do, but answer 504 to",
  delay: "delay the answer of",
  error: "refuse with 500",
  unavailable: "refuse with 503",
  rate_limited: "refuse with 429",
};

type Match = Fault["match"];

const TARGETS: [name: string, match: Match][] = [
  ["captures and refunds", { method: "POST", path: "/v2/order_events" }],
  ["creations of orders", { method: "POST", path: "/v2/orders" }],
  ["replacements of orders", { method: "PUT", path: "/v2/orders/:order_id" }],
  ["deletions of orders", { method: "DELETE", path: "/v2/orders/:order_id" }],
  ["deletions of events", { method: "DELETE", path: "/v2/order_events/:order_event_id" }],
  ["reads", { method: "GET", path: "/v2/*" }],
  ["requests", {}],
];

const POLL_MILLISECONDS = 5_000;

/** How many faults are set, for the banner. */
const count = new Store(0);

async function recount(): Promise<void> {
  if (!session.value.current) return;
  const page = await answered(
    api.GET("/sandbox/faults", { params: { query: { limit: 1 } } }),
  ).catch(() => undefined);
  if (page && page.total !== count.value) count.value = page.total;
}

/** Says on every screen that answers may not be what they would be. */
export function Banner() {
  const faults = useStore(count);
  const { current } = useStore(session);
  useEffect(() => {
    void recount();
    const timer = setInterval(() => {
      if (!document.hidden) void recount();
    }, POLL_MILLISECONDS);
    return () => clearInterval(timer);
  }, [current?.key]);
  if (faults === 0 || !current) return null;
  return (
    <p class="banner" role="status">
      {faults === 1 ? "A fault is set" : `${faults} faults are set`}: some answers are not what they
      would be. <Link to={pathOf("faults")}>See which</Link>
    </p>
  );
}

export function Faults({ place }: { place: Place }) {
  const faults = useStore(count);
  const { data, problem, reload } = useLoaded(
    () => answered(api.GET("/sandbox/faults", { params: { query: { limit: 100 } } })),
    ["faults"],
  );
  useEffect(reload, [faults]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) reload();
    }, POLL_MILLISECONDS);
    return () => clearInterval(timer);
  }, []);
  const changed = () => {
    reload();
    void recount();
  };
  const remove = async (path: { fault_id: string }) => {
    try {
      await answered(api.DELETE("/sandbox/faults/{fault_id}", { params: { path } }));
      tell("The fault is removed.");
    } catch (error) {
      tell((error as Error).message);
    }
    changed();
  };
  const removeAll = async () => {
    await answered(api.DELETE("/sandbox/faults", {})).catch((error: Error) => tell(error.message));
    changed();
  };
  return (
    <section class="page" aria-label="Faults">
      <h1>Faults</h1>
      <p>
        What can go wrong on the way, made to happen. Each acts on as many requests as you say, and
        is then gone.
      </p>
      <Form place={place} onSet={changed} />
      <div class="bar">
        <h2>What is set</h2>
        {data && data.total > 1 && (
          <button type="button" onClick={() => void removeAll()}>
            Remove all {data.total}
          </button>
        )}
      </div>
      {problem && <Failure problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data?.data.length === 0 && <p class="quiet">None: every answer is what it would be.</p>}
      <ul class="cards">
        {data?.data.map((fault) => (
          <li key={fault.id}>
            <span>{sentenceOf(fault)}</span>
            <small class="quiet">
              {fault.remaining} of {fault.times} left · set <Time at={fault.created_at} />
            </small>
            <button type="button" onClick={() => void remove({ fault_id: fault.id })}>
              Remove
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function sentenceOf({ fault, remaining, skip, delay_ms, match }: Fault): string {
  const { method, path, ...ids } = match;
  const target = TARGETS.find(([, each]) => each.method === method && each.path === path);
  const of = target ? target[0] : `requests ${[method, path].filter(Boolean).join(" ")}`;
  const about = Object.entries(ids).map(([name, id]) => ` with ${name} ${id}`);
  const later = fault === "delay" ? ` by ${delay_ms} ms` : "";
  const after = skip > 0 ? `, after the first ${skip}` : "";
  const verb = VERBS[fault];
  return `${verb[0]!.toUpperCase()}${verb.slice(1)} the next ${remaining} ${of}${about.join("")}${later}${after}.`;
}

function Form({ place, onSet }: { place: Place; onSet: () => void }) {
  const [fault, setFault] = useState<Name>("lost_response");
  const [times, setTimes] = useState("1");
  const [target, setTarget] = useState("0");
  const [orderId, setOrderId] = useState(place.query.get("order_id") ?? "");
  const [skip, setSkip] = useState("0");
  const [delay, setDelay] = useState("2000");
  const [problem, setProblem] = useState<Problem>();
  const set = async (event: Event) => {
    event.preventDefault();
    const match = { ...TARGETS[Number(target)]![1], ...(orderId && { order_id: orderId.trim() }) };
    const delay_ms = fault === "delay" ? { delay_ms: Number(delay) } : {};
    const body = { fault, times: Number(times), skip: Number(skip), ...delay_ms, match };
    try {
      await answered(api.POST("/sandbox/faults", { body }));
      setProblem(undefined);
      tell("The fault is set.");
    } catch (error) {
      setProblem(error as Problem);
    }
    onSet();
  };
  return (
    <form class="sentence" onSubmit={(event) => void set(event)} aria-label="Set a fault">
      <span>Let the sandbox</span>
      <select
        aria-label="What happens"
        value={fault}
        onChange={(event) => setFault(event.currentTarget.value as Name)}
      >
        {Object.entries(VERBS).map(([name, verb]) => (
          <option key={name} value={name}>
            {verb}
          </option>
        ))}
      </select>
      <span>the next</span>
      <Count label="On how many" value={times} set={setTimes} min={1} max={1000} />
      <select
        aria-label="Which requests"
        value={target}
        onChange={(event) => setTarget(event.currentTarget.value)}
      >
        {TARGETS.map(([name], index) => (
          <option key={name} value={String(index)}>
            {name}
          </option>
        ))}
      </select>
      <span>of order</span>
      <input
        aria-label="Order id; any if empty"
        placeholder="any"
        value={orderId}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => setOrderId(event.currentTarget.value)}
      />
      {fault === "delay" && (
        <>
          <span>by</span>
          <Count label="Milliseconds" value={delay} set={setDelay} min={0} max={60_000} />
          <span>ms</span>
        </>
      )}
      <span>after letting</span>
      <Count label="How many are let through first" value={skip} set={setSkip} min={0} max={1000} />
      <span>through.</span>
      <button type="submit" class="primary">
        Set it
      </button>
      {problem && <Failure problem={problem} />}
    </form>
  );
}

interface CountProps {
  label: string;
  value: string;
  set: (value: string) => void;
  min: number;
  max: number;
}

function Count({ label, value, set, min, max }: CountProps) {
  return (
    <input
      type="number"
      required
      aria-label={label}
      value={value}
      min={min}
      max={max}
      onInput={(event) => set(event.currentTarget.value)}
    />
  );
}
