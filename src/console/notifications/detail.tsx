import { Link } from "wouter-preact";
import { api, unwrap, type NotificationDetails } from "../api.ts";
import { useShortcut } from "../keyboard.ts";
import { hrefOf } from "../location.ts";
import { DetailPane } from "../parts/detail-pane.tsx";
import { attempt, copy, Copy, notify, Pending } from "../parts/feedback.tsx";
import { Json } from "../parts/json.tsx";
import { useResource } from "../parts/resource.ts";
import { FaultTag } from "../parts/tags.tsx";
import { Facts } from "../parts/values.tsx";
import { Attempts } from "./attempts.tsx";
import { labelOf, STATUS_TAGS, titleOf } from "./row.tsx";
import { Signature } from "./signature.tsx";

interface NotificationDetailProps {
  id: string;
  /** Increases when the notification may have changed. */
  revision: number;
  query: URLSearchParams;
}

export function NotificationDetail({ id, revision, query }: NotificationDetailProps) {
  const params = { path: { notification_id: id } };
  const { data, problem, reload } = useResource(
    () => unwrap(api.GET("/sandbox/notifications/{notification_id}", { params })),
    [id],
    revision,
  );
  useShortcut("c", () => void (data && copy(data.body, "the body as it is sent")), [data]);
  const resend = () =>
    attempt(async () => {
      await unwrap(api.POST("/sandbox/notifications/{notification_id}/resend", { params }));
      notify("Sent again.");
      reload();
    });
  return (
    <DetailPane
      list="All notifications"
      href={hrefOf("notifications", undefined, query)}
      actions={
        <div class="row">
          <button type="button" onClick={() => void resend()}>
            Send again
          </button>
          {data && (
            <Copy text={data.body} subject="the body as it is sent">
              Copy body
            </Copy>
          )}
          {data?.transaction_id && (
            <Link href={hrefOf("transactions", data.transaction_id)}>Transaction</Link>
          )}
        </div>
      }
    >
      <Pending {...{ data, problem, reload }} />
      {data && <Content notification={data} />}
    </DetailPane>
  );
}

const SHOWN_ELSEWHERE = [
  "object",
  "status",
  "delivery_status",
  "attempt_count",
  "next_at",
  "fault",
  "payload",
  "body",
  "deliveries",
  "attempts",
] as const;

function Content({ notification }: { notification: NotificationDetails }) {
  const { delivery_status, fault, attempts, body } = notification;
  const last = attempts.at(-1);
  return (
    <>
      <h1 class="title">
        {titleOf(notification)}{" "}
        <span class={`tag ${STATUS_TAGS[delivery_status]}`}>{labelOf(delivery_status)}</span>{" "}
        {fault && <FaultTag name={fault.fault} />}
      </h1>
      <Facts of={notification} except={SHOWN_ELSEWHERE} />
      <h2>Attempts</h2>
      <Attempts notification={notification} />
      {last && (
        <>
          <h2>Signature of the latest attempt</h2>
          <Signature headers={last.headers} />
        </>
      )}
      <h2>Body</h2>
      <Json text={body} marks={new Map()} />
    </>
  );
}
