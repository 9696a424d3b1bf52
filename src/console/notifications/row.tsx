import type { Notification } from "../api.ts";
import { plural } from "../format.ts";
import { followLink, hrefOf } from "../location.ts";
import { FaultTag } from "../parts/tags.tsx";
import { Time } from "../parts/values.tsx";

/** The colors of the delivery's status. */
export const STATUS_TAGS: Record<Notification["delivery_status"], string> = {
  acknowledged: "good",
  pending: "warning",
  failed: "refused",
  unaddressed: "",
};

/** A delivery's status, as the page calls it. */
export const labelOf = (status: string): string =>
  status === "unaddressed" ? "no webhook" : status;

/** `TRANSACTION CAPTURED` */
export const titleOf = ({ object, status }: Notification): string =>
  [object, status].filter(Boolean).join(" ");

interface RowProps {
  notification: Notification;
  isOpen: boolean;
  query: URLSearchParams;
}

export function Row({ notification, isOpen, query }: RowProps) {
  const { id, network_transaction_id, at, attempt_count, next_at, fault } = notification;
  const { delivery_status } = notification;
  return (
    <a
      class="line transaction"
      href={hrefOf("notifications", id, query)}
      aria-current={isOpen || undefined}
      onClick={followLink}
    >
      <span class="what">
        <b>{titleOf(notification)}</b>
        {network_transaction_id && ` · ${network_transaction_id}`}
      </span>
      <span class="marks">
        {fault && <FaultTag name={fault.fault} />}
        <span class={`tag ${STATUS_TAGS[delivery_status]}`}>{labelOf(delivery_status)}</span>
      </span>
      <small class="path">
        {plural(attempt_count, "attempt")}
        {next_at && (
          <>
            {" · next attempt "}
            <Time at={next_at} />
          </>
        )}
      </small>
      <Time at={at} />
    </a>
  );
}
