import { useState } from "preact/hooks";
import { api, findRecorded, unwrap, type TimelineEntry } from "../api.ts";
import { Pending } from "../parts/feedback.tsx";
import { parse } from "../parts/json.tsx";
import { useResource } from "../parts/resource.ts";

const MAX_RECORDING_MILLISECONDS = 10_000;

interface CompareProps {
  before: TimelineEntry;
  after: TimelineEntry;
}

/** The fields that differ between the requests of two versions of an order. */
export function Compare({ before, after }: CompareProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Compare with version {before.version}</summary>
      {isOpen && <Differences before={before} after={after} />}
    </details>
  );
}

function Differences({ before, after }: CompareProps) {
  const { data, problem, reload } = useResource(
    () => Promise.all([bodyOf(before), bodyOf(after)]),
    [before.request_id, after.request_id],
  );
  if (!data) return <Pending {...{ data, problem, reload }} />;
  const [old, current] = data;
  if (!old || !current) return <p class="quiet">One of the two requests is no longer stored.</p>;
  const fields = [...new Set([...Object.keys(old), ...Object.keys(current)])].filter(
    (field) => JSON.stringify(old[field]) !== JSON.stringify(current[field]),
  );
  if (fields.length === 0) return <p class="quiet">Both requests have the same content.</p>;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">field</th>
          <th scope="col">version {before.version}</th>
          <th scope="col">version {after.version}</th>
        </tr>
      </thead>
      <tbody>
        {fields.map((field) => (
          <tr key={field}>
            <th scope="row">{field}</th>
            <td>
              <code>{JSON.stringify(old[field]) ?? "none"}</code>
            </td>
            <td>
              <code>{JSON.stringify(current[field]) ?? "none"}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The body of an entry's request; undefined if the request is no longer stored. */
async function bodyOf({
  at,
  request_id = "",
}: TimelineEntry): Promise<Record<string, unknown> | undefined> {
  const id = await findRecorded(request_id, Date.parse(at) + MAX_RECORDING_MILLISECONDS);
  if (id === undefined) return undefined;
  const { request } = await unwrap(api.GET("/sandbox/requests/{id}", { params: { path: { id } } }));
  return parse(request.body ?? "")?.value as Record<string, unknown> | undefined;
}
