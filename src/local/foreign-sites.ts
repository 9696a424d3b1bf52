/**
 * Protects a local sandbox from web pages. With DNS rebinding, a page's own host name resolves to this machine, so
 * only known names are served. A page of another site may still send requests, so those must change nothing.
 */

export interface ServedHosts {
  /** Lower-case names and addresses, in addition to `localhost` and the loopback addresses. */
  names: string[];
  /** Whether to serve every IP address. DNS rebinding needs a host name, so addresses are safe. */
  anyAddress: boolean;
}

const READ_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

interface Refusal {
  status: 403 | 421;
  message: string;
}

export function refuseForeignSite(
  { url, method, origin }: { url: string; method: string; origin: string | null },
  hosts: ServedHosts,
): Refusal | undefined {
  const { hostname } = new URL(url);
  if (!isServed(hostname, hosts)) {
    return {
      status: 421,
      message: `This sandbox doesn't serve the host ${hostname}: to allow it, use --allow-host, SANDBOX_ALLOW_HOST, or allowHosts in createSandbox().`,
    };
  }
  if (origin === null || READ_METHODS.has(method) || isServed(hostOf(origin), hosts)) {
    return undefined;
  }
  return {
    status: 403,
    message: `A page of ${origin} can't change this sandbox: send the request from a server, without the header Origin.`,
  };
}

function isServed(hostname: string, { names, anyAddress }: ServedHosts): boolean {
  const isAddress = /^(\[.*\]|[\d.]+)$/.test(hostname);
  const isLoopback =
    hostname === "localhost" || hostname === "[::1]" || /^127\.[\d.]+$/.test(hostname);
  return isLoopback || (anyAddress && isAddress) || names.includes(hostname);
}

/** The origin of a file or of a sandboxed frame is `null`, which has no host. */
const hostOf = (origin: string): string => URL.parse(origin)?.hostname ?? "";
