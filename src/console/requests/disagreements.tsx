import { Link } from "wouter-preact";
import { api, unwrap } from "../api.ts";
import { hrefOf } from "../location.ts";
import { useResource, useThrottled } from "../parts/resource.ts";
import { DISAGREES } from "../transactions/both-sides.tsx";

const REFRESH_MILLISECONDS = 1_000;

interface DisagreementsProps {
  /** Changes when the count may have changed. */
  revision: number;
}

/** Links to the transactions on which order events and the card disagree, if any. */
export function Disagreements({ revision }: DisagreementsProps) {
  const { data, reload } = useResource(
    () => unwrap(api.GET("/sandbox/reconciliation", { params: { query: { limit: 1 } } })),
    [],
  );
  useThrottled(reload, REFRESH_MILLISECONDS, [revision]);
  if (!data || data.total === 0) return null;
  return (
    <Link class="chip" href={hrefOf("transactions", undefined, { show: "disagreements" })}>
      {DISAGREES} <b>{data.total}</b>
    </Link>
  );
}
