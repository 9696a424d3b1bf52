/** The rules for the URL of a webhook. */
interface AddressRules {
  /** Whether any http and https address is allowed, as on a laptop. */
  anyAddress: boolean;
  /** The host names of the sandbox itself. */
  ownHosts: readonly string[];
}

/** Names that only a private network resolves, or that are reserved (RFC 6761, RFC 6762, RFC 8375). */
const PRIVATE_SUFFIXES = [
  "localhost",
  "local",
  "localdomain",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
  "home.arpa",
  "arpa",
  "test",
  "example",
  "invalid",
  "onion",
];

/** Public services whose names resolve to an address of the caller's choice, or to this machine. */
const ADDRESS_SERVICES = [
  "nip.io",
  "sslip.io",
  "xip.io",
  "localtest.me",
  "lvh.me",
  "vcap.me",
  "lacolhost.com",
  "traefik.me",
];

/** Four numbers with dots or hyphens between them, as in `10-0-0-1.partner.example`. */
const EMBEDDED_ADDRESS = /(?:^|[.-])\d{1,3}(?:[.-]\d{1,3}){3}(?:[.-]|$)/;

/**
 * Returns the reason to reject a webhook's URL, or undefined. The URL parser normalizes every form of an IPv4 address:
 * decimal, octal, hexadecimal, shortened, or in other digits.
 */
export function addressProblem(text: string, { anyAddress, ownHosts }: AddressRules) {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) return "Expected a URL with http or https";
  if (url.username !== "" || url.password !== "") {
    return "Expected a URL without a user name or password";
  }
  if (anyAddress) return undefined;
  if (url.protocol !== "https:") return "Expected a URL with https";
  if (url.port !== "") return "Expected a URL without a port: only 443 is allowed";
  return hostProblem(url.hostname.replace(/\.+$/, ""), ownHosts);
}

function hostProblem(host: string, ownHosts: readonly string[]): string | undefined {
  if (host.startsWith("[") || /^[\d.]+$/.test(host)) {
    return "Expected a public host name, not an IP address";
  }
  if (!host.includes(".") || isBelow(host, PRIVATE_SUFFIXES)) {
    return "Expected a public host name, not one of a private network";
  }
  if (isBelow(host, ADDRESS_SERVICES) || EMBEDDED_ADDRESS.test(host)) {
    return "Expected a host name without an IP address in it";
  }
  if (ownHosts.includes(host)) return "Expected another host than the sandbox itself";
  return undefined;
}

const isBelow = (host: string, suffixes: readonly string[]) =>
  suffixes.some((suffix) => host === suffix || host.endsWith(`.${suffix}`));
