/** HTTP requests to a sandbox. */
import * as http from "node:http";
import * as https from "node:https";
import { text } from "node:stream/consumers";
import { withoutControls } from "./printable.ts";
import { SandboxError } from "./sandbox-error.ts";

export interface RequestOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

export type RequestJson = (url: string, options: RequestOptions) => Promise<unknown>;

/**
 * Sends a request to a sandbox and returns the JSON of the response, or undefined if it has no body.
 *
 * @throws {SandboxError} If the sandbox can't be reached, or refuses the request.
 */
export async function requestJson(url: string, options: RequestOptions): Promise<unknown> {
  const response = await openResponse(url, options);
  const body = await readText(url, response);
  const content = parseJson(body);
  if (content === undefined && body !== "") throw notASandbox(url, statusOf(response));
  return content;
}

/** Sends a request like `requestJson`, but returns the response as a stream. */
export async function openResponse(
  url: string,
  options: RequestOptions,
): Promise<http.IncomingMessage> {
  const response = await open(new URL(url), options);
  const status = statusOf(response);
  if (status < 300) return response;
  const { error } = (parseJson(await readText(url, response)) ?? {}) as { error?: ApiError };
  if (typeof error?.message !== "string") throw notASandbox(url, status);
  throw new SandboxError(withoutControls(error.message), {
    type: error.type,
    status,
    cause: error,
  });
}

/** The `error` of a refusal. Its other fields reach the caller as the `cause` of the `SandboxError`. */
interface ApiError {
  type?: string;
  message?: unknown;
}

function open(url: URL, { body, ...options }: RequestOptions): Promise<http.IncomingMessage> {
  return new Promise<http.IncomingMessage>((resolve, reject) => {
    const request =
      url.protocol === "https:"
        ? https.request(url, options, resolve)
        : // A new agent, because the default one may use a proxy.
          http.request(url, { ...options, agent: new http.Agent() }, resolve);
    request.on("error", reject).end(body);
  }).catch((error: unknown) => {
    throw unreachable(url, error);
  });
}

async function readText(url: string, response: http.IncomingMessage): Promise<string> {
  try {
    return await text(response);
  } catch (error) {
    throw unreachable(new URL(url), error);
  }
}

const statusOf = ({ statusCode = 0 }: http.IncomingMessage): number => statusCode;

function unreachable({ origin }: URL, cause: unknown): SandboxError {
  return new SandboxError(`${origin} can't be reached: is a sandbox running at this URL?`, {
    cause,
  });
}

function notASandbox(url: string, status: number): SandboxError {
  const { origin } = new URL(url);
  return new SandboxError(`${origin} is not an Orders Sandbox: it returned ${status}.`, { status });
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
