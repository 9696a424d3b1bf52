/**
 * `npm run openapi`: writes the OpenAPI document that is committed, its examples, and the types of a
 * client of it. The tests that compare them write them, asked to.
 */
import { CLIENT_TYPES, run } from "./tools.ts";

const WRITERS = {
  document: ["test/openapi/document.test.ts", "-t", "is the document that is committed"],
  examples: ["test/openapi/examples.test.ts"],
};

async function write(what: keyof typeof WRITERS): Promise<void> {
  const config = ["--config", "test/vitest.config.ts", "--project", "worker"];
  await run("vitest", ["run", ...config, ...WRITERS[what], "--update"]);
}

// The answers that become examples have to be as the document says; then it takes them up.
await write("document");
await write("examples");
await write("document");
await run("openapi-typescript", CLIENT_TYPES);
