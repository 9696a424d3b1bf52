import { literalOf } from "../literal.ts";

/** A request in the lines to copy. Sent once; with `pauses`, sent once after each pause (in seconds). */
export interface Call {
  method: "POST" | "PUT" | "GET" | "DELETE";
  path: string;
  body?: object;
  pauses?: readonly number[];
}

/** The same calls for a shell, and in TypeScript with the library. */
export interface Lines {
  curl: string;
  library: string;
}

const AUTHORIZED = `-H "Authorization: Bearer $SANDBOX_KEY" -H "Content-Type: application/json"`;
const SHELL_SEND = `send() { curl -X "$1" "$SANDBOX_URL$2" ${AUTHORIZED} \${3:+-d} \${3:+"$3"}; echo; }`;
const LIBRARY_SEND = `const send = (method: string, path: string, body?: object) => fetch(env.url + path, { method, headers: { Authorization: \`Bearer \${env.key}\`, "Content-Type": "application/json" }, body: JSON.stringify(body) }).catch(() => undefined);`;

const LIBRARY_CALLS: Record<string, string> = {
  "/sandbox/transactions": "await env.transactions.story",
  "/sandbox/faults": "await env.faults.add",
  "/sandbox/webhooks": "await env.webhooks.add",
  "/sandbox/environments": "const env = await sandbox.environment",
};

/** The lines of several calls. `$SANDBOX_URL` stands for the sandbox's URL. */
export const linesOf = (calls: readonly Call[]): Lines => ({
  curl: [SHELL_SEND, ...calls.map(toShell)].join("\n"),
  library: [LIBRARY_SEND, ...calls.map(toLibrary)].join("\n"),
});

/** The lines of a single POST, which need no helper. */
export const lineOf = (path: string, body: object): Lines => ({
  curl: `curl $SANDBOX_URL${path} ${AUTHORIZED} -d '${JSON.stringify(body)}'`,
  library: toLibrary({ method: "POST", path, body }),
});

function toShell({ method, path, body, pauses }: Call): string {
  const line = `send ${method} '${path}'${body ? ` '${JSON.stringify(body)}'` : ""}`;
  return pauses ? `for pause in ${pauses.join(" ")}; do sleep $pause; ${line}; done` : line;
}

function toLibrary({ method, path, body, pauses }: Call): string {
  const call = LIBRARY_CALLS[path];
  if (call) return `${call}(${literalOf(body)});`;
  const line = `await send("${method}", "${path}"${body ? `, ${literalOf(body)}` : ""});`;
  if (!pauses) return line;
  const milliseconds = pauses.map((seconds) => seconds * 1_000).join(", ");
  return `for (const pause of [${milliseconds}]) { await new Promise((resolve) => setTimeout(resolve, pause)); ${line} }`;
}
