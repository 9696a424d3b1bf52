import { useState } from "preact/hooks";
import { answered, api, authorization, type Environment, type Problem } from "./api.ts";
import { ask, Copy, Failure, Loading, tell, Time, useLoaded } from "./parts.tsx";
import { keep, session, useKey } from "./session.ts";
import { useStore } from "./store.ts";

const HOUR_SECONDS = 3_600;
const LIVES: [name: string, seconds: number][] = [
  ["an hour", HOUR_SECONDS],
  ["a day", 24 * HOUR_SECONDS],
  ["a week", 7 * 24 * HOUR_SECONDS],
  ["30 days", 30 * 24 * HOUR_SECONDS],
];

/** The key of the partner's first environment manages them all, whichever the console looks at. */
const managing = () => ({ headers: { Authorization: authorization(managerKey()) } });
const managerKey = () => session.value.first ?? session.value.current?.key;

const titleOf = ({ id, name, expires_at }: Environment): string =>
  name ?? (expires_at ? `environment ${id}` : "the first environment");

async function environments(): Promise<Environment[]> {
  const query = { limit: 100 };
  const { data } = await answered(
    api.GET("/sandbox/environments", { params: { query }, ...managing() }),
  );
  const { current, first } = session.value;
  const isNew = current && current.environment_id === undefined;
  const key = managerKey();
  // Only the first one's key is answered.
  const original = data.find(({ expires_at }) => expires_at === undefined);
  if (key !== undefined && first === undefined) keep({ first: key });
  if (isNew && current.key === key && original) {
    useKey({ key, environment_id: original.id, name: titleOf(original) });
  }
  return data;
}

export function Environments() {
  const { current } = useStore(session);
  const { data, problem, reload } = useLoaded(environments, [current?.key]);
  return (
    <section class="page" aria-label="Environments and keys">
      <h1>Environments</h1>
      <p>
        Each is a dataset of its own, with its orders, requests, faults and keys: one for a test,
        one for a pull request.
      </p>
      <Make onMade={reload} />
      {problem &&
        (problem.type === "FORBIDDEN_ERROR" ? (
          <p class="quiet">
            This key is of an environment that was made. Only a key of the partner's first
            environment sees the others; enter that one to manage them.
          </p>
        ) : (
          <Failure problem={problem} retry={reload} />
        ))}
      {!data && !problem && <Loading />}
      <ul class="cards">
        {data?.map((each) => (
          <Card key={each.id} environment={each} onChange={reload} />
        ))}
      </ul>
      <Keys key={current?.key} />
    </section>
  );
}

function Make({ onMade }: { onMade: () => void }) {
  const [name, setName] = useState("");
  const [life, setLife] = useState(String(LIVES[1]![1]));
  const [isStrict, setStrict] = useState(false);
  const [hasExamples, setExamples] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const make = async (event: Event) => {
    event.preventDefault();
    const body = {
      ...(name.trim() && { name: name.trim() }),
      expires_in_seconds: Number(life),
      strict: isStrict,
      fixture: hasExamples ? "documentation" : "empty",
    } as const;
    try {
      const made = await answered(api.POST("/sandbox/environments", { body, ...managing() }));
      const { current, known } = session.value;
      const kept = { key: made.key, environment_id: made.id, name: titleOf(made) };
      if (session.value.first === undefined && current) keep({ first: current.key });
      keep({ known: [...known, kept] });
      setProblem(undefined);
      setName("");
      onMade();
      await showKey(titleOf(made), made.key);
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  return (
    <form class="sentence" aria-label="Make an environment" onSubmit={(event) => void make(event)}>
      <span>Make one for</span>
      <input
        aria-label="What it is for"
        placeholder="pull request 12"
        value={name}
        autocomplete="off"
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <span>that lives</span>
      <select
        aria-label="How long it lives"
        value={life}
        onChange={(event) => setLife(event.currentTarget.value)}
      >
        {LIVES.map(([label, seconds]) => (
          <option key={seconds} value={String(seconds)}>
            {label}
          </option>
        ))}
      </select>
      <label class="check">
        <input
          type="checkbox"
          checked={isStrict}
          onChange={(event) => setStrict(event.currentTarget.checked)}
        />
        strict: unknown fields are refused
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={hasExamples}
          onChange={(event) => setExamples(event.currentTarget.checked)}
        />
        with the published examples
      </label>
      <button type="submit" class="primary">
        Make it
      </button>
      {problem && <Failure problem={problem} />}
    </form>
  );
}

const showKey = (title: string, key: string) =>
  ask(
    "A new key",
    <>
      <p>The key of {title}. It is shown now and never again:</p>
      <p class="row">
        <code class="key">{key}</code>
        <Copy text={key} what="the key">
          Copy
        </Copy>
      </p>
    </>,
  );

function Card({ environment, onChange }: { environment: Environment; onChange: () => void }) {
  const { current, known } = useStore(session);
  const { id, strict, fixture, created_at, expires_at } = environment;
  const title = titleOf(environment);
  const isCurrent = current?.environment_id === id;
  const kept = known.find(({ environment_id }) => environment_id === id);
  const path = { environment_id: id };
  const attempt = (work: () => Promise<void>) => () =>
    void work()
      .catch((error: Error) => tell(error.message))
      .finally(onChange);
  const newKey = async () => {
    const { key } = await answered(
      api.POST("/sandbox/environments/{environment_id}/keys", { params: { path }, ...managing() }),
    );
    keep({ known: [...session.value.known, { key, environment_id: id, name: title }] });
    return key;
  };
  const change = async () => {
    const key = kept?.key ?? (await newKey());
    useKey({ key, environment_id: id, name: title });
    tell(`This is ${title} now.`);
  };
  const reset = async () => {
    const text = `All orders, events, requests, faults and idempotency keys of ${title} go. Its API keys stay.`;
    if (!(await ask(`Reset ${title}?`, <p>{text}</p>, "Reset it"))) return;
    const headers = { Authorization: authorization(isCurrent ? current.key : kept!.key) };
    await answered(api.POST("/sandbox/reset", { headers }));
    tell(`${title} is as new.`);
  };
  const remove = async () => {
    const text = `${title} goes with all that it has: its orders, events, requests, faults and keys. What uses its keys is refused from then on.`;
    if (!(await ask(`Delete ${title}?`, <p>{text}</p>, "Delete it"))) return;
    await answered(
      api.DELETE("/sandbox/environments/{environment_id}", { params: { path }, ...managing() }),
    );
    tell(`${title} is deleted.`);
    const left = session.value.known.filter(({ environment_id }) => environment_id !== id);
    keep({ known: left });
    const { first } = session.value;
    if (isCurrent && first) useKey(left.find(({ key }) => key === first) ?? { key: first });
  };
  return (
    <li class={isCurrent ? "current" : undefined} aria-current={isCurrent ? "true" : undefined}>
      <span>
        <b>{title}</b> {isCurrent && <span class="tag">shown here</span>}{" "}
        {strict && <span class="tag">strict</span>}{" "}
        {fixture !== "empty" && <span class="tag">with examples</span>}
      </span>
      <small class="quiet">
        number {id} · made <Time at={created_at} /> ·{" "}
        {expires_at ? (
          <>
            expires <Time at={expires_at} />
          </>
        ) : (
          "never expires"
        )}
      </small>
      <div class="row">
        {!isCurrent && (
          <button type="button" onClick={attempt(change)}>
            Switch to it
          </button>
        )}
        {kept && (
          <Copy text={kept.key} what={`the key of ${title}`}>
            Copy key
          </Copy>
        )}
        <button type="button" onClick={attempt(async () => void showKey(title, await newKey()))}>
          New key
        </button>
        {(isCurrent || kept) && (
          <button type="button" class="danger" onClick={attempt(reset)}>
            Reset
          </button>
        )}
        {expires_at && (
          <button type="button" class="danger" onClick={attempt(remove)}>
            Delete
          </button>
        )}
      </div>
    </li>
  );
}

function Keys() {
  const { data, problem, reload } = useLoaded(
    () => answered(api.GET("/sandbox/keys", { params: { query: { limit: 100 } } })),
    ["keys"],
  );
  const revoke = async (key_id: number, last_four: string) => {
    const isOwn = session.value.current?.key.endsWith(last_four);
    const text = `The key that ends in ${last_four} stops working, here and wherever it is used.${isOwn ? " It may be the one that this page works with: then it asks for another." : ""}`;
    if (!(await ask(`Revoke the key …${last_four}?`, <p>{text}</p>, "Revoke it"))) return;
    try {
      await answered(api.DELETE("/sandbox/keys/{key_id}", { params: { path: { key_id } } }));
      tell("The key is revoked.");
    } catch (error) {
      tell((error as Error).message);
    }
    reload();
  };
  return (
    <>
      <h2>Keys of this environment</h2>
      {problem && <Failure problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      <ul class="cards">
        {data?.data.map(({ id, last_four, created_at, created_by, deleted_at, last_used_at }) => (
          <li key={id} class={deleted_at ? "gone" : undefined}>
            <span>
              <code>…{last_four}</code> {deleted_at && <span class="tag">revoked</span>}
            </span>
            <small class="quiet">
              key {id} · made <Time at={created_at} />{" "}
              {created_by === undefined ? "by the operator" : `by key ${created_by}`}
              {last_used_at && (
                <>
                  {" "}
                  · used <Time at={last_used_at} />
                </>
              )}
              {deleted_at && (
                <>
                  {" "}
                  · revoked <Time at={deleted_at} />
                </>
              )}
            </small>
            {!deleted_at && (
              <button type="button" class="danger" onClick={() => void revoke(id, last_four)}>
                Revoke
              </button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
