import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

interface Field {
  key: string;
  value: string;
}
interface Item {
  request: {
    method: string;
    header: Field[];
    url: { path: string[]; query?: Field[]; variable?: Field[] };
    body?: { raw?: string };
  };
}
interface Folder {
  item: (Item | Folder)[];
}
interface Collection extends Folder {
  variable: Field[];
}

const itemsOf = ({ item }: Folder): Item[] =>
  item.flatMap((each) => ("item" in each ? itemsOf(each) : [each]));

const nameOf = ({ request: { method, url } }: Item) => `${method} /${url.path.join("/")}`;

const read = async (path: string): Promise<Collection> => JSON.parse(await readFile(path, "utf8"));

/** The longest value that a person may have written. For a pattern, the converter generates longer ones. */
const MAX_VALUE_CHARACTERS = 60;

/** Checks that the converter fills in placeholders and examples, but no headers and no generated text. */
export async function expectNoInventions(path: string, url: string): Promise<void> {
  const collection = await read(path);
  const baseUrl = collection.variable.find(({ key }) => key === "baseUrl")?.value;
  if (baseUrl !== url) throw new Error(`Expected the base URL ${url}, but received ${baseUrl}`);
  for (const item of itemsOf(collection)) {
    const { header, url: at, body } = item.request;
    const extra = header.filter(({ key }) => key !== "Accept" && key !== "Content-Type");
    if (extra.length > 0) throw new Error(`${nameOf(item)} has ${JSON.stringify(extra)}`);
    const fields = [...(at.query ?? []), ...(at.variable ?? [])].map(({ value }) => value);
    const texts = [...(body?.raw ?? "").matchAll(/"(?:[^"\\]|\\.)*"/g)].map(([text]) => text);
    const invented = [...fields, ...texts].filter((each) => each.length > MAX_VALUE_CHARACTERS);
    if (invented.length > 0) throw new Error(`${nameOf(item)} has ${JSON.stringify(invented)}`);
  }
}

/** The requests that a partner would try, in this order, with their statuses. */
const EXPECTED: [request: string, status: number][] = [
  ["POST /v2/orders", 200],
  ["POST /v2/order_events", 200],
  ["GET /v2/orders", 200],
  ["GET /v2/order_events", 200],
  ["PUT /v2/orders/:order_id", 200],
  ["POST /v2/simulate_transaction_event", 200],
  ["GET /sandbox/orders/:order_id/timeline", 200],
  ["GET /sandbox/orders/:order_id/reconciliation", 200],
  ["DELETE /v2/order_events/:order_event_id", 204],
  ["DELETE /v2/orders/:order_id", 204],
  ["POST /v2/keys", 200],
  ["POST /sandbox/faults", 200],
  ["DELETE /sandbox/faults", 204],
  ["POST /sandbox/environments", 200],
  ["POST /sandbox/reset", 204],
  ["GET /health", 200],
];

/** Runs the requests of an imported collection with newman, unchanged except for their order. */
export async function runCollection(folder: string, file: string): Promise<void> {
  const collection = await read(join(folder, file));
  const items = itemsOf(collection);
  const chosen = EXPECTED.map(([name]) => items.find((each) => nameOf(each) === name));
  const received = await runInNewman(folder, { ...collection, item: chosen });
  const expected = EXPECTED.map(([name, status]) => `${name} ${status}`);
  if (received.join() !== expected.join()) {
    throw new Error(`Expected ${expected.join(", ")}, but received ${received.join(", ")}`);
  }
}

interface Execution {
  item: { request: { method: string; url: { path: string[] } } };
  response?: { code: number };
}
type Newman = {
  run(
    options: object,
    callback: (error: Error | null, summary: { run: { executions: Execution[] } }) => void,
  ): void;
};

async function runInNewman(folder: string, collection: object): Promise<string[]> {
  const newman = createRequire(join(folder, "package.json"))("newman") as Newman;
  const envVar = [{ key: "bearerToken", value: "test_sandbox_a" }];
  const { executions } = await new Promise<{ executions: Execution[] }>((resolve, reject) => {
    newman.run({ collection, envVar, reporters: [] }, (error, summary) =>
      error ? reject(error) : resolve(summary.run),
    );
  });
  return executions.map(
    ({ item, response }) =>
      `${item.request.method} /${item.request.url.path.join("/")} ${response?.code}`,
  );
}
