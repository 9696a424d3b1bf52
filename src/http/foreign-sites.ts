/**
 * Protects a local sandbox from web pages. With DNS rebinding, a page's own host name resolves to this machine, so
 * only known names are served. A page of another site may still send requests, so those must change nothing.
 */
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./context.ts";
import { ApiError } from "./errors.ts";

const READ_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
/** If the sandbox listens on all addresses, every IP address is served: DNS rebinding needs a host name. */
const WILDCARD_ADDRESSES = ["0.0.0.0", "[::]"];

/** Applies if ALLOWED_HOSTS is set, as on a developer's machine. */
export const refuseForeignSites = createMiddleware<AppEnv>((c, next) => {
  const { ALLOWED_HOSTS } = c.env;
  if (!ALLOWED_HOSTS) return next();
  const allowed = ALLOWED_HOSTS.split(",");
  const isServed = (url: string) => isAllowed(URL.parse(url)?.hostname ?? "", allowed);
  // Miniflare takes the URL from a header, which a page can set. It can't set the Host header.
  const host = c.req.header("Host") ?? "";
  for (const url of host ? [c.req.url, `http://${host}`] : [c.req.url]) {
    if (!isServed(url)) throw unknownHost(URL.parse(url)?.hostname ?? host);
  }
  const origin = c.req.header("Origin");
  if (origin === undefined || READ_METHODS.has(c.req.method) || isServed(origin)) return next();
  throw new ApiError({
    type: "FORBIDDEN_ERROR",
    message: `A page of ${origin} can't change this sandbox: send the request from a server, without the header Origin.`,
  });
});

function isAllowed(hostname: string, allowed: string[]): boolean {
  const isLoopback =
    hostname === "localhost" || hostname === "[::1]" || /^127\.[\d.]+$/.test(hostname);
  const isAddress = /^(\[.*\]|[\d.]+)$/.test(hostname);
  const anyAddress = WILDCARD_ADDRESSES.some((each) => allowed.includes(each));
  return isLoopback || (anyAddress && isAddress) || allowed.includes(hostname);
}

const unknownHost = (hostname: string): ApiError =>
  new ApiError({
    type: "FORBIDDEN_ERROR",
    status: 421,
    message: `This sandbox doesn't serve the host ${hostname}: to allow it, use --allow-host, SANDBOX_ALLOW_HOST, allowHosts in createSandbox(), or --var ALLOWED_HOSTS:${hostname} with wrangler dev.`,
  });
