import { now } from "../clock.ts";
import { api, unwrap, type ListedKey } from "../api.ts";
import { confirm } from "../parts/dialog.tsx";
import { attempt, notify, Pending } from "../parts/feedback.tsx";
import { useResource } from "../parts/resource.ts";
import { Time } from "../parts/values.tsx";
import { LOCAL_KEYS, session } from "../session.ts";

const HOUR_MILLISECONDS = 3_600_000;

export function Keys() {
  const { data, problem, reload } = useResource(
    () => unwrap(api.GET("/sandbox/keys", { params: { query: { limit: 100 } } })),
    [],
  );
  const revoke = async ({ id, last_four }: ListedKey) => {
    const isOwn = session.value.current?.key.endsWith(last_four);
    const text = `The key that ends in ${last_four} stops working everywhere.${isOwn ? " If the console uses it, you need another key to continue." : ""}`;
    if (!(await confirm(`Revoke the key …${last_four}?`, <p>{text}</p>, "Revoke"))) return;
    await attempt(async () => {
      await unwrap(api.DELETE("/sandbox/keys/{key_id}", { params: { path: { key_id: id } } }));
      notify("Revoked the key.");
    });
    reload();
  };
  return (
    <>
      <h2>Keys of this environment</h2>
      <Pending {...{ data, problem, reload }} />
      <ul class="cards">
        {data?.data.map((key) => (
          <li key={key.id} class={key.deleted_at ? "gone" : undefined}>
            <span>
              <code>…{key.last_four}</code> {key.deleted_at && <span class="tag">revoked</span>}
            </span>
            <History of={key} />
            {!key.deleted_at && (
              <button type="button" class="danger" onClick={() => void revoke(key)}>
                Revoke
              </button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function History({
  of: { id, last_four, created_at, created_by, last_used_at, deleted_at },
}: {
  of: ListedKey;
}) {
  // The `created_at` of a seeded key is not the time of its creation.
  const isSeeded = LOCAL_KEYS.some(({ key }) => key.endsWith(last_four));
  return (
    <small class="quiet">
      ID {id} ·{" "}
      {isSeeded ? (
        "local key"
      ) : (
        <>
          created <Time at={created_at} />{" "}
          {created_by === undefined
            ? "by the operator or another environment"
            : `by key ${created_by}`}
        </>
      )}
      {last_used_at && (
        <>
          {" · "}
          <LastUse at={last_used_at} />
        </>
      )}
      {deleted_at && (
        <>
          {" · revoked "}
          <Time at={deleted_at} />
        </>
      )}
    </small>
  );
}

/** The sandbox stores the last use of a key to the hour. */
function LastUse({ at }: { at: string }) {
  if (now.value - Date.parse(at) < HOUR_MILLISECONDS) return <>used within the last hour</>;
  return (
    <>
      last used <Time at={at} />
    </>
  );
}
