import { once } from "node:events";
import { createServer } from "node:net";

/** What `localhost` may stand for: one of them taken is enough for a client to reach the wrong server. */
const LOOPBACK_ADDRESSES = ["127.0.0.1", "::1"];

/** Whether nobody listens on a port of this machine. */
export async function isFree(port: number): Promise<boolean> {
  for (const address of LOOPBACK_ADDRESSES) {
    const probe = createServer().listen(port, address);
    try {
      await once(probe, "listening");
    } catch (error) {
      // A machine without IPv6 has nobody who listens there.
      if ((error as NodeJS.ErrnoException).code === "EADDRNOTAVAIL") continue;
      return false;
    }
    probe.close();
    await once(probe, "close");
  }
  return true;
}
