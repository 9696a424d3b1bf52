import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

const migrations = await readD1Migrations("drizzle/migrations");

/** A real server takes a while to start, and a whole flow runs against it. */
const E2E_TIMEOUT_MILLISECONDS = 120_000;

export default defineConfig({
  root: `${import.meta.dirname}/..`,
  test: {
    // One for each core of the smallest machine that this runs on; Vitest would leave one idle.
    maxWorkers: 2,
    // The Worker logs a line for each request.
    silent: "passed-only",
    projects: [
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                MIGRATIONS: migrations,
                ADMIN_TOKEN: "operator-of-the-tests",
                KEY_SECRET: "signs-the-keys-of-the-tests",
              },
            },
          }),
        ],
        test: {
          name: "worker",
          include: [
            "test/{access,domain,http,ledger,openapi,routes,schemas,store,workbench}/**/*.test.ts",
          ],
          setupFiles: ["test/support/migrate.ts"],
          // Also while the machine is busy: a test that hangs fails all the same.
          testTimeout: 30_000,
        },
      },
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
