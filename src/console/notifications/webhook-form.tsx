import { useState } from "preact/hooks";
import { NOTIFICATION_KINDS, type NotificationKind } from "../../domain/webhooks.ts";
import { api, unwrap, type Problem } from "../api.ts";
import { AsCode } from "../parts/as-code.tsx";
import { Failure, notify } from "../parts/feedback.tsx";
import { SelectField, TextField } from "../parts/fields.tsx";

const KINDS = [["", "all"], ...NOTIFICATION_KINDS.map((kind) => [kind, kind] as const)] as const;

export function WebhookForm({ onAdded }: { onAdded: () => void }) {
  const [url, setUrl] = useState("");
  const [kind, setKind] = useState<NotificationKind | "">("");
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const body = {
    url: url.trim(),
    ...(kind && { kinds: [kind] }),
    ...(token.trim() && { signing_token: token.trim() }),
  };
  const add = async (event: Event) => {
    event.preventDefault();
    try {
      await unwrap(api.POST("/sandbox/webhooks", { body }));
      setProblem(undefined);
      setUrl("");
      notify("Added the webhook.");
      onAdded();
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  return (
    <form class="fields" aria-label="Add a webhook" onSubmit={(event) => void add(event)}>
      <TextField
        class="wide"
        label="URL"
        value={url}
        placeholder="http://localhost:3000/imprint"
        onChange={setUrl}
      />
      <SelectField label="Kinds" value={kind} options={KINDS} onChange={setKind} />
      <TextField label="Signing token" value={token} placeholder="generated" onChange={setToken} />
      <button type="submit" class="primary">
        Add webhook
      </button>
      {problem && <Failure problem={problem} />}
      <AsCode path="/sandbox/webhooks" call="env.webhooks.add" body={body} />
    </form>
  );
}
