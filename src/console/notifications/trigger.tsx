import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { navigate } from "wouter-preact/use-browser-location";
import { NOTIFICATION_KINDS, type NotificationKind } from "../../domain/webhooks.ts";
import { api, Problem, unwrap } from "../api.ts";
import { hrefOf } from "../location.ts";
import { notify } from "../parts/feedback.tsx";
import { SelectField, TextField } from "../parts/fields.tsx";
import { parse } from "../parts/json.tsx";
import { RequestForm } from "../parts/request-form.tsx";

const KINDS = NOTIFICATION_KINDS.map((kind) => [kind, kind] as const);

/** Sends a notification of any kind. */
export function Trigger() {
  const [object, setKind] = useState<NotificationKind>("TRANSACTION");
  const [text, setText] = useState("");
  const data = parse(text)?.value as Record<string, unknown> | undefined;
  const body = { object, ...(data && { data }) };
  const send = async () => {
    if (text.trim() && !data) throw new Problem("Not JSON", 'Expected JSON like {"amount": 5}.');
    const { id } = await unwrap(api.POST("/sandbox/notifications", { body }));
    notify("Sent the notification.");
    navigate(hrefOf("notifications", id));
  };
  return (
    <article class="scroll">
      <Link class="back button" href={hrefOf("notifications")}>
        All notifications
      </Link>
      <h1 class="title">Send a notification</h1>
      <p>
        The notification goes to every webhook for its kind. Omitted fields have the values of the
        published example. Simulated card events send their TRANSACTION notifications automatically.
      </p>
      <RequestForm
        label="Send a notification"
        action="Send"
        send={send}
        code={{ path: "/sandbox/notifications", body }}
      >
        <SelectField label="Kind" value={object} options={KINDS} onChange={setKind} />
        <TextField
          class="grow"
          label="Fields of the data object, as JSON"
          value={text}
          placeholder='{"status": "CAPTURED", "amount": 5000}'
          onChange={setText}
        />
      </RequestForm>
    </article>
  );
}
