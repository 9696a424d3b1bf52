/**
 * `npm run openapi`: writes the committed OpenAPI document, its examples, and the client's types. The document and
 * the examples are written by their own tests, run with `--update`.
 */
import { CLIENT_TYPES, run } from "./tools.ts";

const WRITERS = {
  document: ["test/openapi/document.test.ts", "-t", "is the committed document"],
  examples: ["test/openapi/examples.test.ts"],
};

async function write(what: keyof typeof WRITERS): Promise<void> {
  await run("vitest", ["run", "--config", "test/vitest.config.ts", ...WRITERS[what], "--update"]);
}

// The examples must match the document, and the document then includes the examples.
await write("document");
await write("examples");
await write("document");
await run("openapi-typescript", CLIENT_TYPES);
