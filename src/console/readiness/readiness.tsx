import { CHECK_GROUPS, type CheckGroup } from "../../domain/readiness/groups.ts";
import { markdownOf, summaryOf } from "../../domain/readiness/markdown.ts";
import { api, unwrap, type Readiness as Report } from "../api.ts";
import { asManager } from "../environments/manager.ts";
import { clockTime, dayOf } from "../format.ts";
import { setQuery, type Place } from "../location.ts";
import { Copy, Pending } from "../parts/feedback.tsx";
import { CheckField } from "../parts/fields.tsx";
import { useResource } from "../parts/resource.ts";
import { Check } from "./check.tsx";

const loadReport = (isAll: boolean): Promise<Report> =>
  unwrap(
    isAll
      ? api.GET("/sandbox/readiness", {
          params: { query: { environments: "all" } },
          ...asManager(),
        })
      : api.GET("/sandbox/readiness", {}),
  );

const GROUPS = Object.entries(CHECK_GROUPS) as [CheckGroup, string][];

export function Readiness({ place: { query } }: { place: Place }) {
  const isAll = query.get("environments") === "all";
  const { data, problem, reload } = useResource(() => loadReport(isAll), [isAll]);
  return (
    <section class="page" aria-label="Readiness">
      <div class="bar">
        <h1>
          Ready for production?{" "}
          {data && (
            <span class={`tag ${data.ready ? "good" : "warning"}`}>
              {data.ready ? "yes" : "not yet"}
            </span>
          )}
        </h1>
        <button type="button" onClick={reload}>
          Check again
        </button>
        {data && (
          <Copy text={markdownOf(data)} subject="the report as Markdown">
            Copy as Markdown
          </Copy>
        )}
      </div>
      <p>
        The report is based on the requests that the integration has sent. A check passes only with
        evidence.
      </p>
      <CheckField
        label="All environments, last 7 days"
        checked={isAll}
        onChange={(checked) => setQuery("environments", checked ? "all" : "")}
      />
      <Pending {...{ data, problem, reload }} />
      {data && (
        <p class="quiet">
          {summaryOf({ ...data, since: `${dayOf(data.since)}, ${clockTime(data.since)}` })}
        </p>
      )}
      {data && GROUPS.map(([group, title]) => <Group key={group} {...{ group, title, data }} />)}
    </section>
  );
}

interface GroupProps {
  group: CheckGroup;
  title: string;
  data: Report;
}

function Group({ group, title, data }: GroupProps) {
  const checks = data.checks.filter((check) => check.group === group);
  if (checks.length === 0) return null;
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <ul class="checks">
        {checks.map((check) => (
          <Check key={check.id} check={check} />
        ))}
      </ul>
    </section>
  );
}
