import type { RecordedRequest } from "../api.ts";
import { currencyOf, money, plural } from "../format.ts";
import { followLink, hrefOf } from "../location.ts";
import { FaultTag, Replayed, WarningTag } from "../parts/tags.tsx";
import { Status, Time } from "../parts/values.tsx";
import { kindName } from "./kinds.ts";
import { describeRetry, isSecondExecution } from "./retries.ts";

const VERBS: Record<string, string> = {
  GET: "Read",
  POST: "Create",
  PUT: "Replace",
  DELETE: "Delete",
};
const NOUNS: Record<string, string> = {
  orders: "order",
  order_events: "event",
  keys: "key",
  transactions: "transaction",
  customers: "transaction",
};

/** The action of a request: `CAPTURED $89.99` or `Create order $89.99`. */
export function titleOf(request: RecordedRequest): string {
  const { event_type, card_status, amount } = request.content ?? {};
  const onCard = card_status && `Card ${card_status}`;
  const action = event_type ?? onCard ?? actionOf(request);
  return amount === undefined ? action : `${action} ${money(amount, currencyOf(request))}`;
}

function actionOf({ method, path, order_id, order_event_id }: RecordedRequest): string {
  const noun = NOUNS[/^\/v2\/(\w+)/.exec(path)?.[1] ?? ""];
  const verb = VERBS[method];
  if (!noun || !verb) return `${method} ${path}`;
  const isList = method === "GET" && !order_id && !order_event_id && noun !== "transaction";
  return isList ? `List ${noun}s` : `${verb} ${noun}`;
}

interface RowProps {
  request: RecordedRequest;
  isOpen: boolean;
  /** The earlier failed request that this one repeats. */
  repeats: RecordedRequest | undefined;
  query: URLSearchParams;
}

export function Row({ request, isOpen, repeats, query }: RowProps) {
  const { id, method, path, status, ms, at, order_id, order_event_id, content } = request;
  const transaction = content?.card_status && request.network_transaction_id;
  return (
    <a
      class="line"
      href={hrefOf("requests", id, query)}
      aria-current={isOpen || undefined}
      onClick={followLink}
    >
      <Status status={status} />
      <span class="what">
        <b>{titleOf(request)}</b>
        {[order_id, order_event_id, transaction].filter(Boolean).map((each) => ` · ${each}`)}
      </span>
      <Marks request={request} repeats={repeats} />
      <small class="path">
        {method} {path} <span class="ms">· {ms} ms</span>
      </small>
      <Time at={at} />
    </a>
  );
}

type MarksProps = Pick<RowProps, "request" | "repeats">;

function Marks({ request, repeats }: MarksProps) {
  const { error, fault, warnings, replayed } = request;
  const isTwice = repeats && isSecondExecution(request, repeats);
  return (
    <span class="marks">
      {repeats && (
        <span class={isTwice ? "tag refused" : "tag"} title={describeRetry(repeats)}>
          {isTwice ? "created twice" : "retry"}
        </span>
      )}
      {fault && <FaultTag name={fault.fault} />}
      {replayed && <Replayed />}
      {warnings?.length === 1 && (
        <WarningTag warning={warnings[0]!} currency={currencyOf(request)} />
      )}
      {warnings && warnings.length > 1 && (
        <span class="tag warning" title={warnings.map(({ code }) => code).join(", ")}>
          {plural(warnings.length, "warning")}
        </span>
      )}
      {error && (
        <span class="error" title={error.message}>
          {kindName(error.type, error.param)}
        </span>
      )}
    </span>
  );
}
