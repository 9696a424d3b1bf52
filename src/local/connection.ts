/** Asks a sandbox's API. What can be asked, and what is answered, are the OpenAPI document's types. */
import type { paths } from "../generated/openapi.d.ts";
import { SandboxError } from "./sandbox-error.ts";

type Method = "get" | "post" | "delete";
/** The paths that have this method. */
type PathOf<M extends Method> = {
  [Path in keyof paths]: paths[Path][M] extends { responses: object } ? Path : never;
}[keyof paths];

type Content<Operation> = (Operation extends { parameters: { path: infer Path } }
  ? { path: Path }
  : { path?: undefined }) &
  (Operation extends { parameters: { query?: infer Query } }
    ? { query?: Query | undefined }
    : { query?: undefined }) &
  (Operation extends { requestBody: { content: { "application/json": infer Body } } }
    ? { body: Body }
    : { body?: undefined });
type Answer<Operation> = Operation extends {
  responses: { 200: { content: { "application/json": infer Body } } };
}
  ? Body
  : Operation extends { responses: { 202: { content: { "application/json": infer Body } } } }
    ? Body | undefined
    : undefined;

export type Send = <M extends Method, Path extends PathOf<M>>(
  method: M,
  path: Path,
  content: Content<paths[Path][M]>,
) => Promise<Answer<paths[Path][M]>>;

interface Parts {
  path?: Record<string, string | number> | undefined;
  query?: Record<string, string | number | undefined> | undefined;
  body?: object | undefined;
}

/** Answers what an operation answers, and throws what the sandbox says where it refuses. */
export function connect(url: string, key: string): Send {
  const send = async (method: string, template: string, { path, query, body }: Parts) => {
    const pathname = template.replace(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(path?.[name] ?? ""),
    );
    const response = await ask(url + pathname + searchOf(query), {
      method: method.toUpperCase(),
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const content = parse(text);
    if (content === undefined && text !== "") throw noSandbox(response);
    return content;
  };
  return send as Send;
}

function searchOf(query: Parts["query"] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.append(name, String(value));
  }
  return search.size > 0 ? `?${search}` : "";
}

/** The answer, if it is a good one. */
export async function ask(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init).catch(() => undefined);
  if (!response) {
    throw new SandboxError(`${new URL(url).origin} can't be reached: is the sandbox running?`);
  }
  if (response.ok) return response;
  const { status } = response;
  const refusal = parse(await response.text()) as { error?: Refusal } | undefined;
  const { type, message } = refusal?.error ?? {};
  if (message === undefined) throw noSandbox(response);
  throw new SandboxError(message, { type, status });
}

interface Refusal {
  type?: string;
  message?: string;
}

function noSandbox({ url, status }: Response): SandboxError {
  const { origin } = new URL(url);
  return new SandboxError(`${origin} answered ${status}: it is no Orders Sandbox.`, { status });
}

/** What a body says; undefined where it is not JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The sandbox that a program's flag means, without a slash at the end. */
export function originOf(url: string): string {
  const origin = url.replace(/\/$/, "");
  if (/^https?:\/\/[^/]+$/.test(origin)) return origin;
  throw new SandboxError(
    `--url takes a URL without a path, like http://localhost:8787, but is ${url}.`,
  );
}
