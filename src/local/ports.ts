import { once } from "node:events";
import { createServer } from "node:net";
import { SandboxError } from "./sandbox-error.ts";

/** The addresses that `localhost` may resolve to. If one is taken, a client may reach the wrong server. */
const LOOPBACK_ADDRESSES = ["127.0.0.1", "::1"];
const LOOPBACK_HOSTS = new Set([...LOOPBACK_ADDRESSES, "localhost"]);

/** The hosts where `localhost` reaches the sandbox over IPv4 only. */
const HOSTS_OF_LOCALHOST = new Set(["127.0.0.1", "0.0.0.0", "localhost"]);

const MAX_PORT = 65_535;

/** Whether only this machine can reach a server on `host`. */
export function isLoopback(host: string): boolean {
  return LOOPBACK_HOSTS.has(host);
}

const isReachableAsLocalhost = (host: string): boolean =>
  isLoopback(host) || HOSTS_OF_LOCALHOST.has(host);

/** Whether nothing listens on the port of this machine. */
export async function isFree(port: number): Promise<boolean> {
  for (const address of LOOPBACK_ADDRESSES) {
    const error = await tryListening(port, address);
    // Without IPv6, listening on ::1 fails with other codes.
    if (error?.code === "EADDRINUSE" || error?.code === "EACCES") return false;
  }
  return true;
}

/**
 * The addresses to listen on. The program prints `localhost`, which clients may resolve to ::1: another user of the
 * machine must not be able to listen there. With port 0, the two ports would differ.
 */
export async function addressesOf(host: string, port: number): Promise<string[]> {
  const address = host === "localhost" ? "127.0.0.1" : host;
  if (port === 0 || !HOSTS_OF_LOCALHOST.has(host)) return [address];
  const hasIpv6 = (await tryListening(port, "::1")) === undefined;
  return hasIpv6 ? [address, "::1"] : [address];
}

/** Throws a `SandboxError` if the sandbox can't listen. Port 0 is any free port. */
export async function requireFreePort(port: number, host: string): Promise<void> {
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT) {
    throw new SandboxError(`The port must be a number from 0 to ${MAX_PORT}, but is ${port}.`);
  }
  const cause = await tryListening(port, host);
  if (cause?.code === "EACCES") {
    throw new SandboxError(`Port ${port} needs administrator rights: choose another one.`, {
      cause,
    });
  }
  if (
    cause?.code === "EADDRINUSE" ||
    (isReachableAsLocalhost(host) && port > 0 && !(await isFree(port)))
  ) {
    throw new SandboxError(
      `Port ${port} is in use: stop the server that uses it, or choose another port.`,
      { cause },
    );
  }
  if (cause) {
    throw new SandboxError(
      `Can't listen on ${host}: it is not an address of this machine (${cause.code}).`,
      { cause },
    );
  }
}

/** Tries to listen, and returns the error if that fails. */
async function tryListening(
  port: number,
  host: string,
): Promise<NodeJS.ErrnoException | undefined> {
  const probe = createServer().listen(port, host);
  try {
    await once(probe, "listening");
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
  probe.close();
  await once(probe, "close");
  return undefined;
}
