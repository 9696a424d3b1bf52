import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Call {
  method: string;
  path: string;
  authorization: string | undefined;
  body: string;
}

interface Failure {
  status: number;
  code: number;
}

const ACCOUNT = "/accounts/account";
const SCRIPT = "/workers/scripts/orders-sandbox";
const WORKER = "/workers/workers/orders-sandbox";
const NOT_FOUND = { database: 7404, preview: 10025, service: 10090 };

const LATEST_SECRETS = {
  ADMIN_TOKEN: { type: "secret_text" },
  KEY_SECRET: { type: "secret_text" },
};

/**
 * A stand-in for Cloudflare's API. It records requests and returns only what Wrangler needs to continue.
 * It also serves the URL of each preview.
 */
export class Cloudflare {
  readonly calls: Call[] = [];
  /** The account's databases: IDs by name. */
  readonly databases = new Map<string, string>();
  readonly secrets: { name: string }[] = [];
  readonly previews = new Set<string>();
  /** How many requests the preview rejects first, like one that is still starting. */
  refusals = 0;
  /** Whether deploying a preview fails. */
  failing = false;
  readonly #server = createServer((request, response) => void this.#respond(request, response));

  async listen(): Promise<this> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
    return this;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await read(request);
    this.calls.push(call);
    const { status, body } = call.path.startsWith(ACCOUNT) ? this.#api(call) : this.#preview();
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  }

  #preview() {
    this.refusals -= 1;
    return this.refusals >= 0
      ? { status: 503, body: {} }
      : { status: 200, body: { id: 1, name: "…", created_at: "…", key: "test_preview" } };
  }

  #api(call: Call) {
    const result = this.#result(call);
    if (isFailure(result)) {
      const { status, code } = result;
      const errors = [{ code, message: "refused" }];
      return { status, body: { success: false, errors, messages: [], result: null } };
    }
    return { status: 200, body: { success: true, errors: [], messages: [], result } };
  }

  #result({ method, path, body }: Call): unknown {
    const route = `${method} ${path.slice(ACCOUNT.length).replace(/\?.*/, "")}`;
    const last = route.split("/").at(-1)!;
    switch (route) {
      case "GET /d1/database":
        return [...this.databases].map(([name, uuid]) => ({ name, uuid }));
      case "POST /d1/database": {
        const { name } = JSON.parse(body) as { name: string };
        const uuid = crypto.randomUUID();
        this.databases.set(name, uuid);
        return { name, uuid };
      }
      case `GET ${SCRIPT}/secrets`:
        return this.secrets;
      case `GET ${SCRIPT}/deployments`:
        return { deployments: [] };
      case `POST ${SCRIPT}/assets-upload-session`:
        return { jwt: "nothing to upload", buckets: [] };
      case "GET /workers/subdomain":
        return { subdomain: "example" };
      case "GET /workers/services/orders-sandbox":
        return { status: 404, code: NOT_FOUND.service };
      case `GET ${WORKER}`:
        return { subdomain: { enabled: true, previews_enabled: true } };
      case `GET ${SCRIPT}/settings`:
      case `PATCH ${SCRIPT}/secrets-bulk`:
      case `PUT ${SCRIPT}`:
      case `POST ${SCRIPT}/subdomain`:
      case `PUT ${SCRIPT}/schedules`:
        return {};
      case `POST ${WORKER}/previews`: {
        const { name } = JSON.parse(body) as { name: string };
        this.previews.add(name);
        return this.#previewNamed(name);
      }
    }
    if (/^POST .*\/query$/.test(route)) return [{ success: true, results: [], meta: {} }];
    if (route.startsWith("GET /d1/database/")) {
      const uuid = this.databases.get(last);
      return uuid ? { name: last, uuid } : { status: 404, code: NOT_FOUND.database };
    }
    if (route.startsWith("DELETE /d1/database/")) {
      for (const [name, uuid] of this.databases) if (uuid === last) this.databases.delete(name);
      return {};
    }
    const [, name = "", rest] = /\/previews\/([^/]+)(\/.+)?$/.exec(route) ?? [];
    if (!this.previews.has(name)) return { status: 404, code: NOT_FOUND.preview };
    if (rest === "/deployments" && this.failing) return { status: 500, code: 1 };
    // The latest deployment. The next one inherits its secrets.
    if (rest) return { id: "deployment", env: LATEST_SECRETS };
    if (method === "DELETE") this.previews.delete(name);
    return this.#previewNamed(name);
  }

  #previewNamed(name: string) {
    return { id: name, name, slug: name, urls: [this.url] };
  }
}

async function read(request: IncomingMessage): Promise<Call> {
  const { method = "", url = "", headers } = request;
  return { method, path: url, authorization: headers.authorization, body: await text(request) };
}

function isFailure(result: unknown): result is Failure {
  return typeof result === "object" && result !== null && "status" in result && "code" in result;
}
