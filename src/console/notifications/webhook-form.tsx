import { useState } from "preact/hooks";
import { NOTIFICATION_KINDS, type NotificationKind } from "../../domain/webhooks.ts";
import { api, unwrap } from "../api.ts";
import { notify } from "../parts/feedback.tsx";
import { SelectField, TextField } from "../parts/fields.tsx";
import { RequestForm } from "../parts/request-form.tsx";

const KINDS = [["", "all"], ...NOTIFICATION_KINDS.map((kind) => [kind, kind] as const)] as const;

export function WebhookForm({ onAdded }: { onAdded: () => void }) {
  const [url, setUrl] = useState("");
  const [kind, setKind] = useState<NotificationKind | "">("");
  const [token, setToken] = useState("");
  const body = {
    url: url.trim(),
    ...(kind && { kinds: [kind] }),
    ...(token.trim() && { signing_token: token.trim() }),
  };
  const add = async () => {
    await unwrap(api.POST("/sandbox/webhooks", { body }));
    setUrl("");
    notify("Added the webhook.");
    onAdded();
  };
  return (
    <RequestForm
      label="Add a webhook"
      action="Add webhook"
      send={add}
      code={{ path: "/sandbox/webhooks", call: "env.webhooks.add", body }}
    >
      <TextField
        class="wide"
        label="URL"
        value={url}
        placeholder="http://localhost:3000/imprint"
        onChange={setUrl}
      />
      <SelectField label="Kinds" value={kind} options={KINDS} onChange={setKind} />
      <TextField label="Signing token" value={token} placeholder="generated" onChange={setToken} />
    </RequestForm>
  );
}
