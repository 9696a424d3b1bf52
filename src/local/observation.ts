/** What the program and what runs around the Worker say to each other. */
import type { Beginning } from "./database.ts";

/** What is asked of `observed-worker.ts`. */
export interface Observation {
  beginning: Beginning;
  /** The name of the binding of the database. */
  databaseBinding: string;
  /** The name of the binding of the objects without storage. */
  ledgerBinding: string;
  /** The path at which the program asks for the preparation. Nobody else knows it. */
  preparePath: string;
  /** Whether each request is told. The Worker's own lines, which are for machines, never are. */
  isTold: boolean;
}

/** What is told of a request, in one line for a reader. */
export interface RequestLine {
  method: string;
  /** With the query. */
  path: string;
  /** Null where no answer went out. */
  status: number | null;
  milliseconds: number;
  /** Where it was refused: the error's type and message. */
  problem?: string;
  /** The fault that acted on it, as `Sandbox-Fault-Applied` has it. */
  fault?: string;
  /** What deserves a look, as `Sandbox-Warnings` has it. */
  warnings?: string;
}

/** How a line of the log starts that tells of a request. */
export const REQUEST_LINE_START = '{"request_line":';

const MAX_PART_CHARACTERS = 160;

/** The request of a line of the log, or nothing where that tells of something else. */
export function parseRequestLine(message: string): RequestLine | undefined {
  if (!message.startsWith(REQUEST_LINE_START)) return undefined;
  return (JSON.parse(message) as { request_line: RequestLine }).request_line;
}

export function formatRequestLine(line: RequestLine): string {
  const { method, path, status, milliseconds, problem, fault, warnings } = line;
  const parts = [
    `${method.padEnd(6)} ${path}`,
    status ?? "no answer",
    `${milliseconds} ms`,
    ...(fault === undefined ? [] : [`fault ${fault}`]),
    ...(problem === undefined ? [] : [shortened(problem)]),
    ...(warnings === undefined ? [] : [`warning ${shortened(warnings)}`]),
  ];
  return parts.join("  ");
}

/** What is shown may have what the partner sent, which could be anything: control characters steer a terminal. */
function shortened(text: string): string {
  const printable = text.replace(/\p{C}+/gu, " ");
  if (printable.length <= MAX_PART_CHARACTERS) return printable;
  return `${printable.slice(0, MAX_PART_CHARACTERS)}…`;
}
