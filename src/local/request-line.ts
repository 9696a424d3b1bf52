/** The line that the program prints for a request. The wrapper in the Worker's isolate logs its data. */
import { lineOf } from "./printable.ts";

export interface RequestLine {
  method: string;
  /** With the query. */
  path: string;
  /** Null if no response was sent. */
  status: number | null;
  milliseconds: number;
  /** The IDs of the order and the event. */
  ids?: string[];
  /** The type and message of an error response. */
  problem?: string;
  /** The name of the applied fault. */
  fault?: string;
  /** The value of `Sandbox-Warnings`. */
  warnings?: string;
}

const LOG_PREFIX = '{"request_line":';

export function toLogMessage(request_line: RequestLine): string {
  return JSON.stringify({ request_line });
}

/** Returns undefined for any other log message. */
export function parseLogMessage(message: string): RequestLine | undefined {
  if (!message.startsWith(LOG_PREFIX)) return undefined;
  return (JSON.parse(message) as { request_line: RequestLine }).request_line;
}

export function formatRequestLine(line: RequestLine): string {
  const { method, path, ids = [], status, milliseconds, problem, fault, warnings } = line;
  return lineOf([
    `${method.padEnd(6)} ${path}`,
    ids.join(" ") || undefined,
    status ?? "no response",
    `${milliseconds} ms`,
    fault && `fault ${fault}`,
    problem,
    warnings && `warning ${warnings}`,
  ]);
}
