import { isFree } from "../../src/local/ports.ts";
import { Program } from "./program.ts";

/** Below the ephemeral ports, so that the system doesn't assign one of these to another process. */
const PORTS = { first: 20_000, count: 10_000 };

/** Returns a port that is not in use. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    if (await isFree(port)) return port;
  }
}

/** The sandbox as a user starts it: `npm start`. */
export class Server extends Program {
  readonly url: string;

  constructor(port: number, folder: string, ...flags: string[]) {
    const own = ["--port", `${port}`, "--persist-to", folder];
    // The last line that the program prints while it starts.
    super("npm", ["start", "--", ...own, ...flags], "Try it:");
    this.url = `http://localhost:${port}`;
  }
}
