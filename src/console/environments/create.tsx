import { useState } from "preact/hooks";
import { api, unwrap } from "../api.ts";
import { confirm } from "../parts/dialog.tsx";
import { Copy } from "../parts/feedback.tsx";
import { CheckField, SelectField, TextField } from "../parts/fields.tsx";
import { RequestForm } from "../parts/request-form.tsx";
import { session, updateSession } from "../session.ts";
import { asManager, titleOf } from "./manager.ts";

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 24 * HOUR_SECONDS;
const LIFETIMES = [
  [`${HOUR_SECONDS}`, "an hour"],
  [`${DAY_SECONDS}`, "a day"],
  [`${7 * DAY_SECONDS}`, "a week"],
  [`${30 * DAY_SECONDS}`, "30 days"],
] as const;

export function CreateForm({ onCreated }: { onCreated: () => void }) {
  const [name, setName] = useState("");
  const [lifetime, setLifetime] = useState<string>(`${DAY_SECONDS}`);
  const [strict, setStrict] = useState(false);
  const [hasExamples, setExamples] = useState(false);
  const create = async () => {
    const body = {
      ...(name.trim() && { name: name.trim() }),
      expires_in_seconds: Number(lifetime),
      strict,
      fixture: hasExamples ? "documentation" : "empty",
    } as const;
    const created = await unwrap(api.POST("/sandbox/environments", { body, ...asManager() }));
    const known = { key: created.key, environment_id: created.id, name: titleOf(created) };
    const { current, first = current?.key } = session.peek();
    updateSession({ ...(first && { first }), known: [...session.peek().known, known] });
    setName("");
    onCreated();
    await showNewKey(known.name, known.key);
  };
  return (
    <RequestForm label="Create an environment" action="Create environment" send={create}>
      <TextField label="Name" value={name} placeholder="pull request 12" onChange={setName} />
      <SelectField
        label="Expires after"
        value={lifetime}
        options={LIFETIMES}
        onChange={setLifetime}
      />
      <CheckField label="Reject unknown fields" checked={strict} onChange={setStrict} />
      <CheckField label="Add an example order" checked={hasExamples} onChange={setExamples} />
    </RequestForm>
  );
}

export const showNewKey = (environment: string, key: string) =>
  confirm(
    "New key",
    <>
      <p>The new key of {environment}. The sandbox shows it only once.</p>
      <p class="row">
        <code class="key">{key}</code>
        <Copy text={key} subject="the key">
          Copy
        </Copy>
      </p>
    </>,
  );
