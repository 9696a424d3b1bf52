import { api, unwrap, type Environment } from "../api.ts";
import { Pending } from "../parts/feedback.tsx";
import { useResource } from "../parts/resource.ts";
import { session, switchKey, updateSession } from "../session.ts";
import { Card } from "./card.tsx";
import { CreateForm } from "./create.tsx";
import { Keys } from "./keys.tsx";
import { asManager, managerKey, titleOf } from "./manager.ts";

async function loadEnvironments(): Promise<Environment[]> {
  const query = { limit: 100 };
  const { data } = await unwrap(
    api.GET("/sandbox/environments", { params: { query }, ...asManager() }),
  );
  // Only a key of the first environment gets here: with any other, the request above throws.
  const key = managerKey();
  const { current, first } = session.peek();
  if (key !== undefined && first === undefined) updateSession({ first: key });
  const original = data.find(({ expires_at }) => expires_at === undefined);
  if (original && current?.key === key && current?.environment_id === undefined) {
    switchKey({ key: key!, environment_id: original.id, name: titleOf(original) });
  }
  return data;
}

export function Environments() {
  const { current } = session.value;
  const { data, problem, reload } = useResource(loadEnvironments, [current?.key]);
  return (
    <section class="page" aria-label="Environments and keys">
      <h1>Environments</h1>
      <p>
        Each environment has its own orders, requests, faults and keys. Use one per test run or pull
        request.
      </p>
      {problem?.type === "FORBIDDEN_ERROR" ? (
        <p class="quiet">
          This key belongs to a temporary environment. To see all environments, use a key of the
          permanent one.
        </p>
      ) : (
        <>
          <CreateForm onCreated={reload} />
          <Pending {...{ data, problem, reload }} />
        </>
      )}
      <ul class="cards">
        {data?.map((each) => (
          <Card key={each.id} environment={each} onChange={reload} />
        ))}
      </ul>
      <Keys key={current?.key} />
    </section>
  );
}
