/** The lines of `how_to_prove`, as the report prints them. */
import { execFile } from "node:child_process";
import { stripTypeScriptTypes } from "node:module";
import { promisify } from "node:util";
import { compileFunction } from "node:vm";
import { afterAll, beforeAll, describe, it } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import { CHECKS, ENVIRONMENT_CHECK_IDS } from "../../src/domain/readiness/checks.ts";
import {
  createSandbox,
  type OwnEnvironment,
  type Readiness,
  type Sandbox,
} from "../../src/local/index.ts";
import { Receiver } from "./readiness-receiver.ts";

/** The longest that a notification with a fault takes to be acknowledged: its first retry follows after 5 s. */
const SETTLE_MILLISECONDS = 20_000;

type Check = Readiness["checks"][number];
type Code = "curl" | "library";

let sandbox: Sandbox;
let receiver: Receiver;
let checks: Map<string, Check>;
beforeAll(async () => {
  await buildIfChanged();
  sandbox = await createSandbox();
  receiver = await Receiver.start({ verifiesRawBody: true, handle: async () => {} });
  const report = await sandbox.readiness({ environments: "all" });
  checks = new Map(report.checks.map((each) => [each.id, each]));
});
afterAll(async () => {
  await receiver[Symbol.asyncDispose]();
  await sandbox.close();
});

/** The lines, with the receiver's URL and token in place of the printed ones. */
const codeOf = (id: string, code: Code): string =>
  checks
    .get(id)!
    .how_to_prove[code].replace("http://localhost:3000/imprint", receiver.url)
    .replace("a-token-of-your-own", receiver.token);

const RUN: Record<Code, (code: string, env: OwnEnvironment) => Promise<unknown>> = {
  curl: (code, { key }) =>
    promisify(execFile)("bash", ["-uc", code], { env: { ...process.env, SANDBOX_KEY: key } }),
  library: (code, env) => {
    // In a function of its own, the code may declare a name that the scope has.
    const program = `return (async () => { ${stripTypeScriptTypes(code)} })();`;
    return compileFunction(program, ["sandbox", "env"])(sandbox, env) as Promise<unknown>;
  },
};

const idsBy = async (env: OwnEnvironment, status: Check["status"]): Promise<string[]> =>
  (await env.readiness()).checks.filter((each) => each.status === status).map(({ id }) => id);

describe.concurrent("alone in an environment, the lines of", () => {
  it.for(ENVIRONMENT_CHECK_IDS)("%s pass the check, and fail none", async (id, { expect }) => {
    await using env = await sandbox.environment();
    const first = "notification_acknowledged";
    const needsReceiver = CHECKS[id].group === "notifications" && id !== first;
    if (needsReceiver) await RUN.curl(codeOf(first, "curl"), env);
    await RUN.curl(codeOf(id, "curl"), env);
    await expect
      .poll(() => idsBy(env, "passed"), { timeout: SETTLE_MILLISECONDS, interval: 500 })
      .toContain(id);
    expect(await idsBy(env, "failed")).toEqual([]);
  });
});

describe.concurrent("one after the other in one environment, the lines", () => {
  it.for(["curl", "library"] as const)("of %s make it ready", async (code, { expect }) => {
    await using env = await sandbox.environment();
    for (const id of ENVIRONMENT_CHECK_IDS) await RUN[code](codeOf(id, code), env);
    await expect
      .poll(() => idsBy(env, "not_seen"), { timeout: SETTLE_MILLISECONDS, interval: 500 })
      .toEqual([]);
    expect(await idsBy(env, "failed")).toEqual([]);
    expect(await env.readiness()).toMatchObject({ ready: true });
  });
});

it("the lines of both_readings create an environment with the other assumptions", async ({
  expect,
}) => {
  const env = { key: sandbox.key } as OwnEnvironment;
  const { stdout } = (await RUN.curl(codeOf("both_readings", "curl"), env)) as { stdout: string };
  expect(JSON.parse(stdout)).toMatchObject({
    key: expect.stringMatching(/^test_/),
    assume: { duplicate_ids: "conflict" },
  });
  await RUN.library(codeOf("both_readings", "library"), env);
});
