import { useEffect, useMemo, useState } from "preact/hooks";
import {
  answered,
  api,
  Problem,
  recordedAs,
  send,
  type RecordedRequest,
  type RequestDetails,
} from "./api.ts";
import { words } from "./format.ts";
import { FirstStep } from "./first-step.tsx";
import { has, Json, parse } from "./json.tsx";
import { onCopyKey, onPauseKey } from "./keyboard.ts";
import {
  copy,
  Copy,
  Failure,
  Loading,
  Money,
  Opened,
  Status,
  tell,
  Time,
  Typed,
  useLoaded,
} from "./parts.tsx";
import { RequestLog } from "./request-log.ts";
import { go, Link, pathOf, setQuery, without, type Place } from "./route.tsx";
import { Rows } from "./rows.tsx";
import { useStore } from "./store.ts";
import type { StreamState } from "./stream.ts";

/** The filters of the API, by its names. */
const FILTERS = [
  "method",
  "path",
  "status",
  "order_id",
  "partner_order_id",
  "partner_event_id",
  "request_id",
  "since",
] as const;
const METHODS = ["GET", "POST", "PUT", "DELETE"];
const STATUSES = ["2xx", "4xx", "5xx", "400", "401", "404", "409", "412", "422", "429", "503"];

const STREAM_STATES: Record<StreamState, string> = {
  connecting: "Connecting …",
  live: "Live",
  broken: "Reconnecting …",
  full: "Too many are watching: close another console",
};

export function Requests({ place }: { place: Place }) {
  const filter = new URLSearchParams(
    FILTERS.flatMap((name) => {
      const content = place.query.get(name);
      return content ? [[name, content]] : [];
    }),
  );
  const kind = place.query.get("kind") ?? undefined;
  const shown = useMemo(() => new RequestLog(filter), [filter.toString()]);
  useEffect(() => {
    shown.start();
    return () => shown.stop();
  }, [shown]);
  const { requests, total, waiting, isPaused, isLoaded, stream, problem } = useStore(shown.state);
  useEffect(() => onPauseKey(() => shown.pause()), [shown]);

  const groups = useMemo(() => groupsOf(requests), [requests]);
  const listed = useMemo(
    () =>
      kind === undefined
        ? requests
        : requests.filter((each) => kindsOf(each).some(({ name }) => name === kind)),
    [requests, kind],
  );
  // A link to a request by what its answer said goes on to the request.
  const only = filter.has("request_id") && !place.id ? listed[0]?.id : undefined;
  const open = place.id ?? only;
  const isEmpty = isLoaded && requests.length === 0;

  return (
    <div class={open ? "split open" : "split"}>
      <section class="list" aria-label="Requests">
        <div class="bar">
          <h1>Requests</h1>
          <span class={`stream ${stream}`} role="status">
            {STREAM_STATES[stream]}
          </span>
          <button type="button" aria-pressed={isPaused} onClick={() => shown.pause()}>
            {isPaused ? `Go on${waiting.length > 0 ? ` (${waiting.length} new)` : ""}` : "Pause"}
          </button>
        </div>
        <Filters query={place.query} />
        <div class="groups" role="group" aria-label="Errors and warnings of the same kind">
          {groups.length === 0 && (
            <span class="quiet">
              No errors and no warnings{filter.size > 0 ? " among these" : ""}
            </span>
          )}
          {groups.map(({ name, isWarning, count }) => (
            <button
              key={name}
              type="button"
              class={isWarning ? "chip warning" : "chip"}
              aria-pressed={name === kind}
              onClick={() => setQuery("kind", name === kind ? "" : name)}
            >
              {name} <b>{count}</b>
            </button>
          ))}
        </div>
        {filter.has("partner_order_id") && <WholeOrders requests={requests} />}
        {problem && <Failure problem={problem} retry={() => void shown.more()} />}
        {!isLoaded && !problem && <Loading />}
        {isEmpty && filter.size > 0 && <p class="quiet">No request is like this.</p>}
        {isEmpty && filter.size === 0 && (
          <div class="scroll">
            <p class="quiet">
              Nothing has come yet. Send a request to <code>/v2</code> with this key, and it is here
              within a second.
            </p>
            <FirstStep />
          </div>
        )}
        {requests.length > 0 && (
          <Rows
            label="Requests, newest first"
            items={listed}
            total={kind === undefined ? total : listed.length}
            row={(request) => <Row request={request} open={open} query={place.query} />}
            onEnd={() => void shown.more()}
          />
        )}
        {isLoaded && (
          <p class="count quiet">
            {listed.length === total ? "" : `${listed.length} of `}
            {total === 1 ? "1 request" : `${total} requests`}
          </p>
        )}
      </section>
      <section class="detail" aria-label="Request">
        {open ? (
          <Request key={open} id={open} query={place.query} />
        ) : (
          <p class="quiet hint">Choose a request to see both sides of it.</p>
        )}
      </section>
    </div>
  );
}

const MAX_WHOLE_ORDERS = 3;

/** The way from what names the partner's own id to what doesn't: events name the order's id alone. */
function WholeOrders({ requests }: { requests: readonly RecordedRequest[] }) {
  const ids = [...new Set(requests.flatMap(({ order_id }) => order_id ?? []))];
  if (ids.length === 0) return null;
  return (
    <p class="quiet">
      Events have no <code>partner_order_id</code>, so they aren't here.
      {ids.slice(0, MAX_WHOLE_ORDERS).map((id) => (
        <span key={id}>
          {" "}
          <Link to={pathOf("requests", undefined, new URLSearchParams({ order_id: id }))}>
            All of {id}
          </Link>
        </span>
      ))}
    </p>
  );
}

/** A kind of error, or of warning. */
interface Kind {
  name: string;
  isWarning: boolean;
}

/** The field without its numbers: two lines with the same mistake are the same kind. */
const kindName = (type: string, param: string | undefined): string =>
  param ? `${type} · ${param.replace(/\[\d+\]/g, "[]")}` : type;

function kindsOf({ error, warnings = [] }: RecordedRequest): Kind[] {
  return [
    ...(error ? [{ name: kindName(error.type, error.param), isWarning: false }] : []),
    ...warnings.map(({ code, param }) => ({ name: kindName(code, param), isWarning: true })),
  ];
}

const MAX_GROUPS = 20;

/** The kinds that there are, errors first, and of each how many. */
function groupsOf(requests: readonly RecordedRequest[]): (Kind & { count: number })[] {
  const groups = new Map<string, Kind & { count: number }>();
  for (const kind of requests.flatMap(kindsOf)) {
    const group = groups.get(kind.name);
    if (group) group.count += 1;
    else groups.set(kind.name, { ...kind, count: 1 });
  }
  return [...groups.values()]
    .toSorted((a, b) => Number(a.isWarning) - Number(b.isWarning) || b.count - a.count)
    .slice(0, MAX_GROUPS);
}

interface FiltersProps {
  query: URLSearchParams;
}

function Filters({ query }: FiltersProps) {
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <Typed name="path" label="Path" hint="/v2/orders*" query={query} isSearch />
      <Chosen name="method" label="Method" options={METHODS} query={query} />
      <Chosen name="status" label="Status" options={STATUSES} query={query} />
      <Typed name="order_id" label="Order" hint="order id" query={query} />
      <Typed
        name="partner_order_id"
        label="Partner's order"
        hint="partner_order_id"
        query={query}
      />
      <Typed
        name="partner_event_id"
        label="Partner's event"
        hint="partner_event_id"
        query={query}
      />
      {["request_id", "since"].map(
        (name) =>
          query.has(name) && (
            <button key={name} type="button" class="chip" onClick={() => setQuery(name, "")}>
              {name} {query.get(name)}: show all
            </button>
          ),
      )}
    </form>
  );
}

interface FilterProps extends FiltersProps {
  name: string;
  label: string;
}

function Chosen({ name, label, options, query }: FilterProps & { options: string[] }) {
  return (
    <label>
      <span>{label}</span>
      <select
        value={query.get(name) ?? ""}
        onChange={(event) => setQuery(name, event.currentTarget.value)}
      >
        <option value="">any</option>
        {options.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    </label>
  );
}

interface RowProps {
  request: RecordedRequest;
  open: string | undefined;
  query: URLSearchParams;
}

function Row({ request, open, query }: RowProps) {
  const { id, method, path, status, ms, at, order_id, error, fault, warnings } = request;
  return (
    <Link
      class="line"
      to={pathOf("requests", id, query)}
      aria-current={id === open ? "true" : undefined}
    >
      <Status status={status} />
      <span class="what">
        <b>{method}</b> {path}
      </span>
      <span class="ms">{ms} ms</span>
      <Time at={at} />
      <span class="about">
        {fault && <span class="tag fault">{fault.fault}</span>}
        {warnings && (
          <span class="tag warning">
            {warnings.length === 1 ? words(warnings[0]!.code) : `${warnings.length} warnings`}
          </span>
        )}
        {error && <span class="error">{kindName(error.type, error.param)}</span>}
        {order_id && <span>{order_id}</span>}
      </span>
    </Link>
  );
}

function Request({ id, query }: { id: string; query: URLSearchParams }) {
  const { data, problem, reload } = useLoaded(
    () => answered(api.GET("/sandbox/requests/{id}", { params: { path: { id } } })),
    [id],
  );
  useEffect(
    () =>
      onCopyKey(() => {
        if (data?.curl) void copy(data.curl, "the request as curl");
        else tell("There is no command for this request: its body was cut.");
      }),
    [data],
  );
  return (
    <Opened
      all="All requests"
      list={pathOf("requests", undefined, without(query, "request_id"))}
      actions={data && <Actions request={data} query={query} />}
    >
      {problem && <Failure problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && <Details request={data} />}
    </Opened>
  );
}

function Actions({ request, query }: { request: RequestDetails; query: URLSearchParams }) {
  const [isSending, setSending] = useState(false);
  const again = async () => {
    setSending(true);
    try {
      const id = await sendAgain(request);
      go(pathOf("requests", id, query));
      tell("Sent again: this is what came of it.");
    } catch (error) {
      tell((error as Error).message);
    }
    setSending(false);
  };
  return (
    <div class="row">
      {request.curl && (
        <Copy text={request.curl} what="the request as curl">
          Copy as curl
        </Copy>
      )}
      {!request.request.cut && (
        <button type="button" disabled={isSending} onClick={() => void again()}>
          Send again
        </button>
      )}
      {request.order_id && (
        <Link to={pathOf("orders", request.order_id)}>Order {request.order_id}</Link>
      )}
    </div>
  );
}

/** What counts for the answer; the others are the browser's or the network's to say. */
const SENT_AGAIN =
  /^(accept|content-type|idempotency-key|if-match|if-none-match|sandbox-(?!look).*)$/;
/** How long a request takes at most until it is recorded. */
const RECORDED_MILLISECONDS = 3_000;

/** Answers the id of the new request. */
async function sendAgain({ method, path, query, request }: RequestDetails): Promise<string> {
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => SENT_AGAIN.test(name)),
  );
  const url = query ? `${path}?${query}` : path;
  const sent = await send(method, url, headers, request.body);
  const request_id = sent.headers.get("X-Request-Id") ?? "";
  const id = await recordedAs(request_id, Date.now() + RECORDED_MILLISECONDS);
  if (id === undefined) throw new Problem("LATE", `It was answered with ${sent.status}.`);
  return id;
}

/** What each warning is about, in a sentence. */
const WARNINGS: Record<string, string> = {
  unknown_field: "The contract has no such field: it was ignored.",
  unknown_parameter: "The contract has no such parameter: it was ignored.",
  limit_reduced: "A page has at most 100: the limit was taken as that.",
  captured_beyond_total: "More is captured than was ordered.",
  refund_without_rewards: "Money was refunded, but no rewards were taken back.",
  not_repeatable: "It has neither an id nor an Idempotency-Key: sent again, it takes effect again.",
  not_published: "Production has nothing like it.",
};

interface ErrorBody {
  error?: {
    type?: string;
    message?: string;
    param?: string;
    details?: { param: string; message: string }[] | Record<string, unknown>;
  };
}

function Details({ request }: { request: RequestDetails }) {
  const { method, path, query, status, ms, at, error, fault, warnings, cost } = request;
  const { response, unaltered_response } = request;
  const answer = (parse((unaltered_response ?? response)?.body ?? "")?.value ?? {}) as ErrorBody;
  const details = answer.error?.details;
  const violations = Array.isArray(details) ? details : [];
  const marks = new Map<string, string>();
  if (error?.param) marks.set(error.param, error.message);
  for (const { param, message } of violations) marks.set(param, message);
  for (const { param, code } of warnings ?? []) if (param) marks.set(param, WARNINGS[code] ?? code);
  const missing = [...marks].filter(([param]) => !has(request.request.body, param));
  return (
    <>
      <h1 class="title">
        <Status status={status} /> <span>{method}</span> <span class="path">{path}</span>
      </h1>
      <p class="quiet">
        <Time at={at} /> · {ms} ms · {cost.queries} queries, {cost.rows_read} rows read,{" "}
        {cost.rows_written} written in D1
        {request.version_after !== undefined && (
          <>
            {" "}
            · order at version {request.version_before ?? "none"}, then {request.version_after}
          </>
        )}
      </p>
      {fault && (
        <section class="box fault">
          <h2>A fault acted: {fault.fault}</h2>
          <p>
            {fault.id
              ? "It was set beforehand."
              : "The request's Sandbox-Fault header asked for it."}{" "}
            {status === null && "The client got no answer. "}
            {unaltered_response &&
              `Without it, the answer would have been ${unaltered_response.status}, as shown below: what was asked for is done, as far as that says so.`}
          </p>
        </section>
      )}
      {error && (
        <section class="box refused">
          <h2>{error.type}</h2>
          <p>{error.message}</p>
          {details && !Array.isArray(details) && <Figures figures={details} request={request} />}
          {violations.length > 1 && (
            <ul>
              {violations.map(({ param, message }) => (
                <li key={param}>
                  <code>{param}</code>: {message}
                </li>
              ))}
            </ul>
          )}
        </section>
      )}
      {warnings && (
        <section class="box warning">
          <h2>{warnings.length === 1 ? "A warning" : "Warnings"}</h2>
          <ul>
            {warnings.map(({ code, param, did_you_mean }) => (
              <li key={code + param}>
                <b>{words(code)}</b>
                {param && (
                  <>
                    {" "}
                    <code>{param}</code>
                  </>
                )}
                : {WARNINGS[code]}
                {did_you_mean && (
                  <>
                    {" "}
                    Did you mean <code>{did_you_mean}</code>?
                  </>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
      <Side
        title="Request"
        {...request.request}
        marks={marks}
        first={`${method} ${path}${query && `?${query}`}`}
      />
      {missing.length > 0 && request.request.body && (
        <ul class="quiet">
          {missing.map(([param, message]) => (
            <li key={param}>
              Not in the body: <mark>{param}</mark> {message}
            </li>
          ))}
        </ul>
      )}
      {response ? (
        <Side
          title={fault ? "What went out" : "Response"}
          {...response}
          marks={NONE}
          first={`${status}`}
        />
      ) : (
        <>
          <h2>Response</h2>
          <p class="quiet">Nothing went out.</p>
        </>
      )}
      {unaltered_response && (
        <Side
          title="Without the fault"
          {...unaltered_response}
          marks={NONE}
          first={`${unaltered_response.status}`}
        />
      )}
    </>
  );
}

const NONE = new Map<string, string>();

interface SideProps {
  title: string;
  first: string;
  headers: Record<string, string>;
  body?: string;
  cut?: true;
  marks: ReadonlyMap<string, string>;
}

function Side({ title, first, headers, body, cut, marks }: SideProps) {
  return (
    <>
      <h2>{title}</h2>
      <p class="first">
        <code>{first}</code>
      </p>
      <details>
        <summary>{Object.keys(headers).length} headers</summary>
        <dl class="headers">
          {Object.entries(headers).map(([name, content]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{content}</dd>
            </div>
          ))}
        </dl>
      </details>
      {body !== undefined && <Json text={body} marks={marks} />}
      {cut && <p class="quiet">This is not all of the body.</p>}
    </>
  );
}

const AMOUNTS = new Set(["ordered", "captured", "refunded", "refundable", "requested"]);

interface FiguresProps {
  figures: Record<string, unknown>;
  request: RequestDetails;
}

/** What a refusal was decided on. */
function Figures({ figures, request }: FiguresProps) {
  const sent = parse(request.request.body ?? "")?.value as { currency?: unknown } | undefined;
  const said = typeof sent?.currency === "string" ? sent.currency : undefined;
  const { order_id } = request;
  const { data } = useLoaded(
    async () =>
      order_id && !said
        ? answered(api.GET("/v2/orders", { params: { query: { id: order_id } } }))
        : undefined,
    [order_id, said],
  );
  const currency = said ?? data?.data[0]?.currency ?? "USD";
  return (
    <dl class="figures">
      {Object.entries(figures).map(([name, content]) => (
        <div key={name}>
          <dt>{name.replaceAll("_", " ")}</dt>
          <dd>
            {typeof content === "number" && AMOUNTS.has(name) ? (
              <Money amount={content} currency={currency} />
            ) : name === "order_event_ids" && Array.isArray(content) && order_id ? (
              content.map((id, index) => (
                <>
                  {index > 0 && ", "}
                  <Link
                    to={`${pathOf("orders", order_id)}?event=${encodeURIComponent(String(id))}`}
                  >
                    {String(id)}
                  </Link>
                </>
              ))
            ) : typeof content === "string" ? (
              content
            ) : (
              JSON.stringify(content)
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
