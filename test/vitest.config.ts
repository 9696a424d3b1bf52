import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

const migrations = await readD1Migrations("drizzle/migrations");

/** Long enough for a real server and a whole flow on a busy machine; a test that hangs still fails. */
const TIMEOUT_MILLISECONDS = 120_000;

/** Vitest's default of one second is too short for a busy machine. */
const EXPECT = { poll: { timeout: 60_000 } };

/**
 * These tests need a database that no other file has used: they run the hourly work, which covers all partners, drop
 * tables, or compare generated numbers.
 */
const OWN_DATABASE = [
  "test/access/hourly-steps.test.ts",
  "test/access/sweeps.test.ts",
  "test/http/config.test.ts",
  "test/ledger/retention.test.ts",
  "test/openapi/examples.test.ts",
  "test/routes/card-cost.test.ts",
  "test/routes/cost.test.ts",
  "test/routes/quotas.test.ts",
  "test/routes/sandbox/environments.test.ts",
  "test/routes/sandbox/readiness.test.ts",
  "test/routes/unmigrated.test.ts",
  "test/routes/v2/idempotency.test.ts",
  "test/store/usage.test.ts",
  "test/workbench/notifications.test.ts",
];

export default defineConfig({
  root: `${import.meta.dirname}/..`,
  test: {
    // Two per core of the smallest machine that runs this, since many tests wait for a server or a browser.
    maxWorkers: 4,
    // The Worker logs a line per request.
    silent: "passed-only",
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/{domain,schemas}/**/*.test.ts"],
          // Pure functions share one process.
          isolate: false,
        },
      },
      workerProject("worker", {
        include: ["test/{access,http,ledger,openapi,routes,store,workbench}/**/*.test.ts"],
        exclude: OWN_DATABASE,
        isolate: false,
      }),
      workerProject("own database", { include: OWN_DATABASE }),
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: TIMEOUT_MILLISECONDS,
          hookTimeout: TIMEOUT_MILLISECONDS,
          expect: EXPECT,
        },
      },
    ],
  },
});

/** Tests that run in workerd. Without `isolate`, files that run in the same process share its database. */
function workerProject(name: string, test: object) {
  return {
    plugins: [
      cloudflareTest({
        wrangler: { configPath: "./wrangler.toml" },
        miniflare: {
          bindings: {
            MIGRATIONS: migrations,
            ALLOWED_HOSTS: "",
            ADMIN_TOKEN: "operator-of-the-tests-with-32-characters",
            KEY_SECRET: "signs-the-keys-of-the-tests",
          },
        },
      }),
    ],
    test: {
      ...test,
      name,
      setupFiles: ["test/support/migrate.ts"],
      globalSetup: ["test/e2e/receiver-server.ts"],
      testTimeout: TIMEOUT_MILLISECONDS,
      hookTimeout: TIMEOUT_MILLISECONDS,
      expect: EXPECT,
    },
  };
}
