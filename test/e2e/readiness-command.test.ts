import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildIfChanged } from "../../src/cli/build.ts";
import {
  createSandbox,
  type OwnEnvironment,
  type Readiness,
  type Sandbox,
} from "../../src/local/index.ts";

let sandbox: Sandbox;
let env: OwnEnvironment;
/** An environment with one passed, and one failed check. */
beforeAll(async () => {
  await buildIfChanged();
  sandbox = await createSandbox();
  env = await sandbox.environment();
  const send = async (amount: number) =>
    fetch(`${env.url}/v2/orders`, {
      method: "POST",
      headers: { Authorization: `Bearer ${env.key}`, "Content-Type": "application/json" },
      body: JSON.stringify({
        id: "order-1",
        payment_method_id: "pm-1",
        partner_order_id: '<po> & "1"',
        total_order_amount: amount,
      }),
    });
  await send(5_000);
  await send(6_000);
});
afterAll(() => sandbox.close());

/** The program's output and exit status. */
async function readiness(
  ...flags: string[]
): Promise<{ status: number; stdout: string; stderr: string }> {
  const args = ["src/local/bin.ts", "readiness", "--url", sandbox.url, "--key", env.key, ...flags];
  try {
    return { status: 0, ...(await promisify(execFile)(process.execPath, args)) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, stdout, stderr };
  }
}

it("prints a table, and exits with 1 unless all required checks passed", async () => {
  const all = await readiness();
  expect(all.status).toBe(1);
  expect(all.stdout).toMatch(
    /^3 of \d+ checks passed, 1 failed, \d+ not seen, in environment \d+ since /,
  );
  expect(all.stdout).toMatch(
    /^ {2}passed {4}repeatable_creations +Every creation can be repeated$/m,
  );
  expect(all.stdout).toMatch(
    /^ {2}failed {4}distinct_creations .*\n +POST \/v2\/orders \(request /m,
  );
  expect(all.stdout).toMatch(
    /^ {2}not seen {2}lost_response .*\n +Let the sandbox lose the response to an event\. /m,
  );
  expect(all.stdout).toMatch(/Not ready: distinct_creations, lost_response, /);
  expect(all.stdout).toMatch(/\. To start over, .* --since .*\n.* --environments all .*\n$/);

  const some = await readiness("--require", "repeatable_creations, known_names");
  expect(some).toMatchObject({ status: 0, stderr: "" });
  expect(some.stdout).toMatch(/\nReady\.\n$/);
  expect((await readiness("--require", "distinct_creations")).status).toBe(1);
  const later = new Date(Date.now() + 1_000).toISOString();
  expect((await readiness("--require", "known_names", "--since", later)).status).toBe(1);
});

it("prints JSON, JUnit and Markdown", async () => {
  const json = await readiness("--format", "json", "--require", "known_names");
  expect(json.status).toBe(0);
  const { checks } = JSON.parse(json.stdout) as Readiness;
  expect(checks).toEqual((await env.readiness()).checks);

  const junit = await readiness(
    "--format",
    "junit",
    "--require",
    "distinct_creations,lost_response",
  );
  expect(junit.status).toBe(1);
  const counts = `tests="${checks.length}" failures="2" errors="0" skipped="${checks.length - 5}"`;
  expect(junit.stdout).toContain(`<testsuite name="orders-sandbox readiness" ${counts} time="0">`);
  expect(junit.stdout).toMatch(
    /name="known_names: Every sent field and parameter exists" time="0"\/>/,
  );
  expect(junit.stdout).toContain(
    '<failure type="failed" message="failed: POST /v2/orders (request ',
  );
  expect(junit.stdout).toContain('<failure type="not_seen" message="not seen: No creation lost');
  expect(junit.stdout).toContain("curl ");
  expect(junit.stdout).not.toMatch(/="[^"]*[<>][^"]*"/);

  const markdown = await readiness("--format", "markdown");
  expect(markdown.stdout).toMatch(/^## Ready for production: no\n\n3 of \d+ checks passed/);
  expect(markdown.stdout).toMatch(
    /^\| Retries \| No two creations share an ID \(`distinct_creations`\) \| failed \| POST /m,
  );
});

it("sums up all environments with the key of the first one", async () => {
  const report = await readiness("--environments", "all");
  expect(report).toMatchObject({ status: 1, stdout: "" });
  expect(report.stderr).toContain("Expected a key of the partner's first environment");
  const all = await readiness(
    "--environments",
    "all",
    "--key",
    sandbox.key,
    "--require",
    "known_names",
  );
  expect(all.status).toBe(0);
  expect(all.stdout).toContain("in all environments since");
});

it.each([
  [["--require", "known_name"], "--require expects all, or some of repeatable_creations,"],
  [["--require", "both_readings"], "but received both_readings."],
  [["--format", "xml"], "--format expects text, json, junit, markdown, but received xml."],
  [["--environments", "1"], "--environments expects all, but received 1."],
  [["--since", "yesterday"], "since: Expected an RFC 3339 timestamp"],
  [["--strict"], "Unknown option '--strict'. Run orders-sandbox readiness --help for all flags."],
])("rejects %j with one sentence", async (flags, sentence) => {
  const { status, stdout, stderr } = await readiness(...flags);
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toContain(sentence);
  expect(stderr.trim().split("\n")).toHaveLength(1);
});

it("explains its flags", async () => {
  const { status, stdout } = await readiness("--help");
  expect(status).toBe(0);
  expect(stdout).toContain("--require <checks>");
});
