/** A client of a sandbox's API, with the types of the OpenAPI document. */
import type { paths } from "../generated/openapi.d.ts";
import { requestJson, type RequestJson } from "./http-client.ts";

type Method = "get" | "post" | "patch" | "delete";
/** The paths that have this method. */
type PathOf<M extends Method> = {
  [Path in keyof paths]: paths[Path][M] extends { responses: object } ? Path : never;
}[keyof paths];

type Input<Operation> = (Operation extends { parameters: { path: infer Path } }
  ? { path: Path }
  : { path?: undefined }) &
  (Operation extends { parameters: { query?: infer Query } }
    ? { query?: Query | undefined }
    : { query?: undefined }) &
  (Operation extends { requestBody: { content: { "application/json": infer Body } } }
    ? { body: Body }
    : { body?: undefined });
type Output<Operation> = Operation extends {
  responses: { 200: { content: { "application/json": infer Body } } };
}
  ? Body
  : Operation extends { responses: { 202: { content: { "application/json": infer Body } } } }
    ? Body | undefined
    : undefined;

export type Send = <M extends Method, Path extends PathOf<M>>(
  method: M,
  path: Path,
  input: Input<paths[Path][M]>,
) => Promise<Output<paths[Path][M]>>;

interface AnyInput {
  path?: Record<string, string | number> | undefined;
  query?: Record<string, string | number | undefined> | undefined;
  body?: object | undefined;
}

/** Returns a function that sends a request and returns the response's body, or throws a `SandboxError`. */
export function createClient(url: string, key: string, request: RequestJson = requestJson): Send {
  const send = (method: string, template: string, { path, query, body }: AnyInput) => {
    const pathname = template.replace(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(path?.[name] ?? ""),
    );
    return request(url + pathname + queryString(query), {
      method: method.toUpperCase(),
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
  };
  return send as Send;
}

function queryString(query: AnyInput["query"] = {}): string {
  const parameters = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return parameters.length > 0 ? `?${parameters.join("&")}` : "";
}
