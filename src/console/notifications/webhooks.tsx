import { Link } from "wouter-preact";
import { NOTIFICATION_KINDS } from "../../domain/webhooks.ts";
import { navigate } from "wouter-preact/use-browser-location";
import { api, unwrap, type Webhook } from "../api.ts";
import { hrefOf } from "../location.ts";
import { confirm } from "../parts/dialog.tsx";
import { attempt, Copy, notify, Pending } from "../parts/feedback.tsx";
import { useResource } from "../parts/resource.ts";
import { Time } from "../parts/values.tsx";
import { WebhookForm } from "./webhook-form.tsx";

/** The webhooks of the environment, with their signing tokens. */
export function Webhooks() {
  const { data, problem, reload } = useResource(
    () => unwrap(api.GET("/sandbox/webhooks", { params: { query: { limit: 100 } } })),
    [],
  );
  return (
    <article class="scroll">
      <Link class="back button" href={hrefOf("notifications")}>
        All notifications
      </Link>
      <h1 class="title">Webhooks</h1>
      <p>
        The sandbox sends signed notifications to these URLs. To receive them on your machine, run{" "}
        <code>orders-sandbox listen</code>.
      </p>
      <WebhookForm onAdded={reload} />
      <Pending {...{ data, problem, reload }} />
      {data?.data.length === 0 && <p class="quiet">No webhooks. Nothing is sent.</p>}
      <ul class="cards">
        {data?.data.map((webhook) => (
          <Card key={webhook.id} webhook={webhook} onChange={reload} />
        ))}
      </ul>
    </article>
  );
}

function Card({ webhook, onChange }: { webhook: Webhook; onChange: () => void }) {
  const { id, url, kinds, signing_token, status, paused_because, failing_since } = webhook;
  const isAll = kinds.length === NOTIFICATION_KINDS.length;
  return (
    <li>
      <span class="key">
        <b>{url ?? "no URL: its deliveries go to the event stream"}</b>{" "}
        {status === "paused" && <span class="tag warning">paused</span>}
      </span>
      <small class="quiet">
        {isAll ? "all kinds" : kinds.join(", ")} · token <code>{signing_token}</code> · ID {id}
        {paused_because === "failed_for_a_day" && " · paused after failing for a day"}
        {failing_since && (
          <>
            {" · failing since "}
            <Time at={failing_since} />
          </>
        )}
      </small>
      <Actions id={id} token={signing_token} status={status} onChange={onChange} />
    </li>
  );
}

interface ActionsProps {
  id: string;
  token: string;
  status: Webhook["status"];
  onChange: () => void;
}

function Actions({ id, token, status, onChange }: ActionsProps) {
  const params = { path: { webhook_id: id } };
  const run = (action: () => Promise<unknown>) => () => void attempt(action).finally(onChange);
  const test = async () => {
    const sent = await unwrap(api.POST("/sandbox/webhooks/{webhook_id}/test", { params }));
    navigate(hrefOf("notifications", sent.id));
  };
  const toggle = async () => {
    const body = { status: status === "active" ? "paused" : "active" } as const;
    await unwrap(api.PATCH("/sandbox/webhooks/{webhook_id}", { params, body }));
  };
  const remove = async () => {
    const text = <p>This deletes the webhook and cancels its pending deliveries.</p>;
    if (!(await confirm("Delete the webhook?", text, "Delete"))) return;
    await unwrap(api.DELETE("/sandbox/webhooks/{webhook_id}", { params }));
    notify("Deleted the webhook.");
  };
  return (
    <div class="row">
      <Copy text={token} subject="the signing token">
        Copy token
      </Copy>
      <button type="button" onClick={run(test)}>
        Test
      </button>
      <button type="button" onClick={run(toggle)}>
        {status === "active" ? "Pause" : "Resume"}
      </button>
      <button type="button" class="danger" onClick={run(remove)}>
        Delete
      </button>
    </div>
  );
}
