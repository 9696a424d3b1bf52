import { once } from "node:events";
import { createServer } from "node:net";
import { SandboxError } from "./sandbox-error.ts";

/** What `localhost` may stand for: one of them taken is enough for a client to reach the wrong server. */
const LOOPBACK_ADDRESSES = ["127.0.0.1", "::1"];
const LOOPBACK_HOSTS = new Set([...LOOPBACK_ADDRESSES, "localhost"]);

const MAX_PORT = 65_535;

/** Whether only this machine reaches what listens there. */
export function isLoopback(host: string): boolean {
  return LOOPBACK_HOSTS.has(host);
}

/** Whether nobody listens on a port of this machine. */
export async function isFree(port: number): Promise<boolean> {
  for (const address of LOOPBACK_ADDRESSES) {
    const code = await tryOut(port, address);
    // A machine without IPv6 has nobody who listens there.
    if (code !== undefined && code !== "EADDRNOTAVAIL") return false;
  }
  return true;
}

/** Refuses, in a sentence, where nobody can listen. Port 0 stands for any that is free. */
export async function requireFree(port: number, host: string): Promise<void> {
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT) {
    throw new SandboxError(`A port is a number from 0 to ${MAX_PORT}, but this one is ${port}.`);
  }
  const code = await tryOut(port, host);
  if (code === "EACCES")
    throw new SandboxError(`Port ${port} is for administrators: choose another.`);
  if (code === "EADDRINUSE" || (isLoopback(host) && port > 0 && !(await isFree(port)))) {
    throw new SandboxError(
      `Port ${port} is taken: stop what uses it, or choose another with --port.`,
    );
  }
  if (code !== undefined) {
    throw new SandboxError(
      `Nobody can listen on ${host}: it is no address of this machine (${code}).`,
    );
  }
}

/** Listens for a moment, and answers the code of the error where that fails. */
async function tryOut(port: number, host: string): Promise<string | undefined> {
  const probe = createServer().listen(port, host);
  try {
    await once(probe, "listening");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
  probe.close();
  await once(probe, "close");
  return undefined;
}
