import type { ServedHosts } from "./foreign-sites.ts";
import { SandboxError } from "./sandbox-error.ts";

const WILDCARD_ADDRESSES = new Set(["0.0.0.0", "::"]);

/** The hosts that a sandbox serves: the one it listens on, and the names that its user allows. */
export function servedHosts(host: string, allowHosts: string[]): ServedHosts {
  return {
    names: [host, ...allowHosts].map(toHostname),
    anyAddress: WILDCARD_ADDRESSES.has(host),
  };
}

/** Returns the name as a URL has it: in lower case, and an IPv6 address in brackets. */
function toHostname(name: string): string {
  const host = name.includes(":") ? `[${name}]` : name;
  const url = `http://${host}`;
  if (URL.canParse(url) && !/[/?#@]/.test(host)) return new URL(url).hostname;
  throw new SandboxError(
    `An allowed host must be a name without a port, such as orders-sandbox, but is "${name}".`,
  );
}
