import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";

/** Where D1 fails: the batch is not committed, or it is but nobody hears of it. */
export type Fault = "before the commit" | "after the commit";

/** A D1 whose next batch fails once, in whatever session. All else is the real one's. */
export function failingOnce(real: D1Database, fault: Fault): D1Database {
  let isArmed = true;

  async function batch(session: D1DatabaseSession, statements: D1PreparedStatement[]) {
    if (!isArmed) return session.batch(statements);
    isArmed = false;
    if (fault === "after the commit") await session.batch(statements);
    throw new Error("D1_ERROR: Network connection lost.");
  }

  return {
    withSession(constraint: string) {
      const session = real.withSession(constraint);
      return {
        prepare: (text: string) => session.prepare(text),
        batch: (statements: D1PreparedStatement[]) => batch(session, statements),
        getBookmark: () => session.getBookmark(),
      };
    },
  } as unknown as D1Database;
}

/** Has the next batch of an order's ledger fail once. */
export async function failNextBatch(
  partnerId: number,
  orderId: string,
  fault: Fault,
): Promise<void> {
  const stub = env.ORDER_LEDGER.getByName(`${partnerId}:${orderId}`);
  await runInDurableObject(stub, (instance) => {
    const ledger = instance as unknown as { env: Cloudflare.Env };
    ledger.env = { ...env, DB: failingOnce(env.DB, fault) };
  });
}
