import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

const migrations = await readD1Migrations("drizzle/migrations");

/** Allows for starting a real server and running a whole flow. */
const E2E_TIMEOUT_MILLISECONDS = 120_000;

const WORKER_TESTS = ["test/{access,http,ledger,openapi,routes,store,workbench}/**/*.test.ts"];
/** These tests change what all partners share: the tables, or the work of a whole hour. */
const OWN_DATABASE = ["test/routes/unmigrated.test.ts", "test/access/hourly-steps.test.ts"];

export default defineConfig({
  root: `${import.meta.dirname}/..`,
  test: {
    // One per core of the smallest machine that runs this. Vitest's default leaves one core idle.
    maxWorkers: 2,
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
        include: WORKER_TESTS,
        exclude: OWN_DATABASE,
        isolate: false,
      }),
      workerProject("own database", { include: OWN_DATABASE }),
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: E2E_TIMEOUT_MILLISECONDS,
          hookTimeout: E2E_TIMEOUT_MILLISECONDS,
        },
      },
    ],
  },
});

/** Tests that run in workerd. Files of one project share a database, unless they are isolated. */
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
      // Long enough for a busy machine; a test that hangs still fails.
      testTimeout: 30_000,
    },
  };
}
