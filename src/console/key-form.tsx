import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { authorization, OFFLINE, Problem } from "./api.ts";
import { Failure } from "./parts/feedback.tsx";
import { LOCAL_KEYS, session, switchKey } from "./session.ts";

/** Whether the form is open to replace a working key. */
export const isChangingKey = signal(false);

/** Checks a key before the console uses it, so that a typo does not replace a working key. */
async function isAccepted(key: string): Promise<boolean> {
  const headers = { Authorization: authorization(key), "Sandbox-Console": "true" };
  const { status } = await fetch("/sandbox/keys?limit=1", { headers }).catch(() => {
    throw new Problem(OFFLINE, "The sandbox can't be reached. Is it running?");
  });
  return status !== 401;
}

export function KeyForm() {
  const { refusal, current } = session.value;
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const shown = problem ?? (refusal && new Problem("Key rejected", refusal));
  const use = async (key: string, name?: string) => {
    try {
      if (await isAccepted(key)) {
        isChangingKey.value = false;
        switchKey(name === undefined ? { key } : { key, name });
      } else {
        setProblem(new Problem("Unknown key", "The sandbox rejects this key. Check it for typos."));
      }
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  const submit = (event: Event) => {
    event.preventDefault();
    if (text.trim()) void use(text.trim());
  };
  return (
    <section class="page" aria-label="Key">
      <h1>Your key</h1>
      {shown && <Failure problem={shown} />}
      <p>
        The console shows the requests and orders of a key's environment. The key is stored in this
        tab only, until you close it.
      </p>
      <form class="fields" onSubmit={submit}>
        <label class="field wide">
          <span>API key</span>
          <input
            type="password"
            name="key"
            placeholder="test_…"
            value={text}
            required
            autocomplete="off"
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary">
          Use this key
        </button>
        {current && (
          <button type="button" onClick={() => (isChangingKey.value = false)}>
            Cancel
          </button>
        )}
      </form>
      <LocalKeys use={use} />
    </section>
  );
}

function LocalKeys({ use }: { use: (key: string, name: string) => Promise<void> }) {
  if (LOCAL_KEYS.length === 0) {
    return <p class="quiet">Request a key from the operator of this sandbox.</p>;
  }
  return (
    <div class="row">
      {LOCAL_KEYS.map(({ key, name }) => (
        <button key={key} type="button" onClick={() => void use(key, name)}>
          {name} <code>{key}</code>
        </button>
      ))}
    </div>
  );
}
