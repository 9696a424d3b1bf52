import { Link } from "wouter-preact";
import type { RecordedRequest } from "../api.ts";
import { plural } from "../format.ts";
import { hrefOf } from "../location.ts";
import { Status, Time } from "../parts/values.tsx";
import { kindName } from "./groups.tsx";

interface RowProps {
  request: RecordedRequest;
  isOpen: boolean;
  query: URLSearchParams;
}

export function Row({ request, isOpen, query }: RowProps) {
  const { id, method, path, status, ms, at, order_id, error, fault, warnings } = request;
  return (
    <Link class="line" href={hrefOf("requests", id, query)} aria-current={isOpen || undefined}>
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
            {warnings.length === 1 ? warnings[0]!.code : plural(warnings.length, "warning")}
          </span>
        )}
        {error && <span class="error">{kindName(error.type, error.param)}</span>}
        {order_id && <span>{order_id}</span>}
      </span>
    </Link>
  );
}
