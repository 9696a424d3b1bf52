import { Hono } from "hono";
import { requireFirst } from "../../access/environments.ts";
import {
  checkAllEnvironments,
  defaultSince,
  MAX_CHECKED_ENVIRONMENTS,
} from "../../access/readiness.ts";
import { reportOf } from "../../domain/readiness/report.ts";
import { CHECK_IDS, descriptionOf } from "../../domain/readiness/checks.ts";
import { REQUEST_DAYS } from "../../domain/requests.ts";
import type { AppEnv } from "../../http/context.ts";
import { inCurrentDataset, queryWorkbench } from "../../http/dataset.ts";
import { recordPending } from "../../http/recording/record.ts";
import { validate } from "../../http/validate.ts";
import { describeOperation } from "../../openapi/describe-operation.ts";
import { readiness, readinessQuery } from "../../schemas/readiness.ts";
import { findReadinessSource } from "../../store/readiness.ts";

const TABLE = CHECK_IDS.map((id) => `| \`${id}\` | ${descriptionOf(id).rule} |`).join("\n");

const DESCRIPTION = `
Reports what the integration has proven, from the environment's recorded requests, faults, order events and
simulated card transactions. A check passes only with evidence. \`reason\` names the requests that decided it, and
\`how_to_prove\` explains how to pass. Requests are stored for ${REQUEST_DAYS} days; a reset deletes them.

With \`environments=all\`, a check fails if it failed in any of the partner's environments, else passes if it passed in
one. The newest ${MAX_CHECKED_ENVIRONMENTS} environments are checked. Before an environment is deleted or expires, its verdicts are stored: the
latest passed and the latest failed verdict of each check count for the partner.

A failure counts for ${REQUEST_DAYS} days. To start over, run the tests again and pass the time of their start as \`since\`. Or
reset the environment, or use a new one. If some of your tests make
mistakes on purpose, run those with another partner's key, so that they don't count.

| check | when it passes |
|---|---|
${TABLE}
`.trim();

export const readinessReports = new Hono<AppEnv>().get(
  "/sandbox/readiness",
  describeOperation({
    tag: "Sandbox",
    operationId: "getReadiness",
    summary: "Report the readiness for production",
    description: DESCRIPTION,
    responses: { 200: { description: "The report", schema: readiness } },
    errors: ["INVALID_REQUEST_ERROR", "FORBIDDEN_ERROR"],
  }),
  validate("query", readinessQuery),
  async (c) => {
    const { since = defaultSince(new Date()), environments } = c.req.valid("query");
    const { origin } = new URL(c.req.url);
    if (environments === "all") {
      requireFirst(c, "report on all environments");
      const report = reportOf(await checkAllEnvironments(c, since), origin);
      return c.json({ ...report, environment: "all" as const, since }, 200);
    }
    await recordPending(c);
    const { card, assume } = await inCurrentDataset(c, findReadinessSource);
    const { checks } = await queryWorkbench(c, (workbench, dataset) =>
      workbench.checkReadiness(dataset, { since: Date.parse(since), card, assume }),
    );
    const environment = c.get("apiKey").environment_id;
    return c.json({ ...reportOf(checks, origin), environment, since }, 200);
  },
);
