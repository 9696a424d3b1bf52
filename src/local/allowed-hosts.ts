import { SandboxError } from "./sandbox-error.ts";

/** The variable ALLOWED_HOSTS: the host that a sandbox listens on, and the names that its user allows. */
export function allowedHosts(host: string, allowHosts: string[]): string {
  return [host, ...allowHosts].map(toHostname).join(",");
}

/** Returns the name as a URL has it: in lower case, and an IPv6 address in brackets. */
function toHostname(name: string): string {
  const host = name.includes(":") ? `[${name}]` : name;
  const url = `http://${host}`;
  if (URL.canParse(url) && !/[/?#@,]/.test(host)) return new URL(url).hostname;
  throw new SandboxError(
    `An allowed host must be a name without a port, such as orders-sandbox, but is "${name}".`,
  );
}
