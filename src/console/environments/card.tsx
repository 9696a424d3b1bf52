import { api, authorization, unwrap, type Environment } from "../api.ts";
import { confirm } from "../parts/dialog.tsx";
import { attempt, Copy, notify } from "../parts/feedback.tsx";
import { Time } from "../parts/values.tsx";
import { session, switchKey, updateSession } from "../session.ts";
import { showNewKey } from "./create.tsx";
import { asManager, titleOf } from "./manager.ts";

interface CardProps {
  environment: Environment;
  onChange: () => void;
}

export function Card({ environment, onChange }: CardProps) {
  const { id, strict, fixture, created_at, expires_at } = environment;
  const title = titleOf(environment);
  const { current, known } = session.value;
  const isCurrent = current?.environment_id === id;
  const key = isCurrent ? current.key : known.find((each) => each.environment_id === id)?.key;
  return (
    <li class={isCurrent ? "current" : undefined} aria-current={isCurrent || undefined}>
      <span>
        <b>{title}</b> {isCurrent && <span class="tag">current</span>}{" "}
        {strict && <span class="tag">strict</span>}{" "}
        {fixture !== "empty" && <span class="tag">with examples</span>}
      </span>
      <small class="quiet">
        ID {id}
        {expires_at ? (
          <>
            {" · created "}
            <Time at={created_at} /> · expires <Time at={expires_at} />
          </>
        ) : (
          " · never expires"
        )}
      </small>
      <Actions environment={environment} title={title} knownKey={key} onChange={onChange} />
    </li>
  );
}

interface ActionsProps extends CardProps {
  title: string;
  /** A key of the environment, if this tab has one. */
  knownKey: string | undefined;
}

async function createKey(environment_id: number, name: string): Promise<string> {
  const params = { path: { environment_id } };
  const { key } = await unwrap(
    api.POST("/sandbox/environments/{environment_id}/keys", { params, ...asManager() }),
  );
  updateSession({ known: [...session.peek().known, { key, environment_id, name }] });
  return key;
}

async function reset(title: string, key: string): Promise<void> {
  const text = `This deletes everything in ${title} except its API keys.`;
  if (!(await confirm(`Reset ${title}?`, <p>{text}</p>, "Reset"))) return;
  const headers = { Authorization: authorization(key) };
  await unwrap(api.POST("/sandbox/reset", { headers }));
  notify(`Reset ${title}.`);
}

async function remove(environment_id: number, title: string): Promise<void> {
  const text = `This deletes ${title} and everything in it. Its API keys stop working.`;
  if (!(await confirm(`Delete ${title}?`, <p>{text}</p>, "Delete"))) return;
  const params = { path: { environment_id } };
  await unwrap(api.DELETE("/sandbox/environments/{environment_id}", { params, ...asManager() }));
  notify(`Deleted ${title}.`);
  const { current, first, known: before } = session.peek();
  const known = before.filter((each) => each.environment_id !== environment_id);
  updateSession({ known });
  if (current?.environment_id !== environment_id || !first) return;
  switchKey(known.find(({ key }) => key === first) ?? { key: first });
}

function Actions({ environment, title, knownKey, onChange }: ActionsProps) {
  const { id, expires_at } = environment;
  const isCurrent = session.value.current?.environment_id === id;
  const show = async () => {
    const key = knownKey ?? (await createKey(id, title));
    switchKey({ key, environment_id: id, name: title });
    notify(`The console now shows ${title}.`);
  };
  const run = (action: () => Promise<unknown>) => () => void attempt(action).finally(onChange);

  return (
    <div class="row">
      {!isCurrent && (
        <button type="button" onClick={run(show)}>
          Open
        </button>
      )}
      <Copy text={String(id)} subject="the environment's ID">
        Copy ID
      </Copy>
      {knownKey && (
        <Copy text={knownKey} subject={`the key of ${title}`}>
          Copy key
        </Copy>
      )}
      <button
        type="button"
        onClick={run(async () => showNewKey(title, await createKey(id, title)))}
      >
        New key
      </button>
      {knownKey && (
        <button type="button" class="danger" onClick={run(() => reset(title, knownKey))}>
          Reset
        </button>
      )}
      {expires_at && (
        <button type="button" class="danger" onClick={run(() => remove(id, title))}>
          Delete
        </button>
      )}
    </div>
  );
}
