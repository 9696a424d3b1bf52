import { signal } from "@preact/signals";
import { api, unwrap } from "../api.ts";
import { session } from "../session.ts";

/** The number of faults in the environment. */
export const activeFaults = signal(0);

export async function countFaults(): Promise<void> {
  if (!session.peek().current) return;
  const page = await unwrap(api.GET("/sandbox/faults", { params: { query: { limit: 1 } } })).catch(
    () => undefined,
  );
  if (page) activeFaults.value = page.total;
}
