import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { navigate } from "wouter-preact/use-browser-location";
import { api, unwrap, type RecordedRequest, type RequestDetails } from "../api.ts";
import { useShortcut } from "../keyboard.ts";
import { hrefOf, without } from "../location.ts";
import { DetailPane } from "../parts/detail-pane.tsx";
import { attempt, copy, Copy, notify, Pending } from "../parts/feedback.tsx";
import { has } from "../parts/json.tsx";
import { useResource } from "../parts/resource.ts";
import { Fact, Status, Time } from "../parts/values.tsx";
import { AppliedFault, marksOf, RefusedBox, Warnings } from "./explanation.tsx";
import { Message, type MessageProps } from "./message.tsx";
import { repeatRequest } from "./repeat.ts";
import { describeRetry, isSecondExecution, type Retries } from "./retries.ts";
import { titleOf } from "./row.tsx";

interface RequestDetailProps {
  id: string;
  query: URLSearchParams;
  retries: Retries;
}

export function RequestDetail({ id, query, retries }: RequestDetailProps) {
  const { data, problem, reload } = useResource(
    () => unwrap(api.GET("/sandbox/requests/{id}", { params: { path: { id } } })),
    [id],
  );
  const copyCurl = () => {
    if (data?.curl) void copy(data.curl, "the request as curl");
    else notify("This request has no curl command: its body was not stored completely.");
  };
  useShortcut("c", copyCurl, [data]);
  return (
    <DetailPane
      list="All requests"
      href={hrefOf("requests", undefined, without(query, "request_id"))}
      actions={data && <Actions request={data} query={query} />}
    >
      <Pending {...{ data, problem, reload }} />
      {data && <Content request={data} retries={retries} />}
    </DetailPane>
  );
}

function Actions({ request, query }: { request: RequestDetails; query: URLSearchParams }) {
  const [isSending, setSending] = useState(false);
  const { network_transaction_id } = request;
  const sendAgain = async () => {
    setSending(true);
    await attempt(async () => {
      const id = await repeatRequest(request);
      navigate(hrefOf("requests", id, query));
      notify("Sent again. This is the new request.");
    });
    setSending(false);
  };
  return (
    <div class="row">
      {request.curl && (
        <Copy text={request.curl} subject="the request as curl">
          Copy as curl
        </Copy>
      )}
      {!request.request.cut && (
        <button type="button" disabled={isSending} onClick={() => void sendAgain()}>
          Send again
        </button>
      )}
      {request.order_id && (
        <Link href={hrefOf("orders", request.order_id)}>Order {request.order_id}</Link>
      )}
      {network_transaction_id && (
        <Link href={hrefOf("transactions", undefined, { network: network_transaction_id })}>
          Transaction {network_transaction_id}
        </Link>
      )}
    </div>
  );
}

function Content({ request, retries }: { request: RequestDetails; retries: Retries }) {
  const { method, path, query, status, ms, at, fault, response, unaltered_response } = request;
  const marks = marksOf(request);
  return (
    <>
      <h1 class="title">
        <Status status={status} /> {titleOf(request)}
      </h1>
      <p class="quiet">
        <span class="path">
          {method} {path}
        </span>{" "}
        · <Time at={at} /> · {ms} ms
        {request.replayed && " · replayed: the stored response was returned"}
      </p>
      <Twins request={request} retries={retries} />
      {fault && <AppliedFault fault={fault} />}
      <RefusedBox request={request} />
      <Warnings request={request} />
      <Message
        title="Request"
        first={`${method} ${path}${query && `?${query}`}`}
        {...request.request}
        marks={marks}
      />
      <OutsideBody body={request.request.body} marks={marks} />
      {response ? (
        <Message
          title={fault ? "Response as sent" : "Response"}
          first={`${status}`}
          {...response}
        />
      ) : (
        <>
          <h2>Response</h2>
          <p class="quiet">None was sent.</p>
        </>
      )}
      {unaltered_response && (
        <Message
          title="Response without the fault"
          first={`${unaltered_response.status}`}
          {...unaltered_response}
        />
      )}
      <Technical request={request} />
    </>
  );
}

/** Links to the request that this one repeats, and to the one that repeats it. */
function Twins({ request, retries }: { request: RequestDetails; retries: Retries }) {
  const first = retries.get(request.id);
  const later = [...retries].find(([, { id }]) => id === request.id)?.[0];
  return (
    <>
      {first && (
        <p class="box warning">
          <Link href={hrefOf("requests", first.id)}>This request {describeRetry(first)}</Link>
          {isSecondExecution(request, first) &&
            `. Both were executed: the first created ${idOf(first)}, this one ${idOf(request)}.`}
        </p>
      )}
      {later && (
        <p>
          <Link href={hrefOf("requests", later)}>A later request repeats this one</Link>
        </p>
      )}
    </>
  );
}

const idOf = ({ order_id, order_event_id }: RecordedRequest): string | undefined =>
  order_event_id ?? order_id;

/** The fields, parameters and headers that are not in the body, but are named by an error or warning. */
function OutsideBody({ body, marks }: Required<Pick<MessageProps, "marks">> & { body?: string }) {
  if (!body) return null;
  const missing = [...marks].filter(([param]) => !has(body, param));
  return (
    <ul class="quiet">
      {missing.map(([param, mark]) => (
        <li key={param}>
          <mark class={mark.class}>{param}</mark> {mark.reason}
        </li>
      ))}
    </ul>
  );
}

function Technical({ request }: { request: RequestDetails }) {
  const { request_id, cost, version_before, version_after } = request;
  return (
    <details>
      <summary>Details</summary>
      <dl class="facts">
        <Fact name="X-Request-Id">{request_id}</Fact>
        <Fact name="Database">
          {cost.queries} queries, {cost.rows_read} rows read, {cost.rows_written} written
        </Fact>
        <Fact name="Order version">
          {version_after !== undefined && `${version_before ?? "none"}, then ${version_after}`}
        </Fact>
      </dl>
    </details>
  );
}
