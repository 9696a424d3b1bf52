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
        <b>{title}</b> {isCurrent && <span class="tag">shown</span>}{" "}
        {strict && <span class="tag">strict</span>}{" "}
        {fixture !== "empty" && <span class="tag">with examples</span>}
      </span>
      <small class="quiet">
        ID {id}
        {expires_at ? (
          <>
            {" "}
            · created <Time at={created_at} /> · expires <Time at={expires_at} />
          </>
        ) : (
          " · never expires"
        )}
      </small>
      <Actions environment={environment} title={title} currentKey={key} onChange={onChange} />
    </li>
  );
}

interface ActionsProps extends CardProps {
  title: string;
  /** A key of the environment, if this tab has one. */
  currentKey: string | undefined;
}

function Actions({ environment, title, currentKey, onChange }: ActionsProps) {
  const { id, expires_at } = environment;
  const isCurrent = session.value.current?.environment_id === id;
  const path = { environment_id: id };

  const createKey = async () => {
    const { key } = await unwrap(
      api.POST("/sandbox/environments/{environment_id}/keys", { params: { path }, ...asManager() }),
    );
    const known = [...session.peek().known, { key, environment_id: id, name: title }];
    updateSession({ known });
    return key;
  };
  const show = async () => {
    switchKey({ key: currentKey ?? (await createKey()), environment_id: id, name: title });
    notify(`The console shows ${title} now.`);
  };
  const reset = async (key: string) => {
    const text = `This deletes all orders, events, requests, faults and idempotency keys of ${title}. Its API keys stay valid.`;
    if (!(await confirm(`Reset ${title}?`, <p>{text}</p>, "Reset"))) return;
    const headers = { Authorization: authorization(key) };
    await unwrap(api.POST("/sandbox/reset", { headers }));
    notify(`Reset ${title}.`);
  };
  const remove = async () => {
    const text = `This deletes ${title} with its orders, events, requests, faults and keys. Requests with these keys are rejected from then on.`;
    if (!(await confirm(`Delete ${title}?`, <p>{text}</p>, "Delete"))) return;
    await unwrap(
      api.DELETE("/sandbox/environments/{environment_id}", { params: { path }, ...asManager() }),
    );
    notify(`Deleted ${title}.`);
    const known = session.peek().known.filter(({ environment_id }) => environment_id !== id);
    updateSession({ known });
    const { first } = session.peek();
    if (isCurrent && first) switchKey(known.find(({ key }) => key === first) ?? { key: first });
  };
  const run = (action: () => Promise<unknown>) => () => void attempt(action).finally(onChange);

  return (
    <div class="row">
      {!isCurrent && (
        <button type="button" onClick={run(show)}>
          Show
        </button>
      )}
      <Copy text={String(id)} subject="the environment's ID">
        Copy ID
      </Copy>
      {currentKey && (
        <Copy text={currentKey} subject={`the key of ${title}`}>
          Copy key
        </Copy>
      )}
      <button type="button" onClick={run(async () => showNewKey(title, await createKey()))}>
        New key
      </button>
      {currentKey && (
        <button type="button" class="danger" onClick={run(() => reset(currentKey))}>
          Reset
        </button>
      )}
      {expires_at && (
        <button type="button" class="danger" onClick={run(remove)}>
          Delete
        </button>
      )}
    </div>
  );
}
