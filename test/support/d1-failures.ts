import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";

/** Where D1 fails: the batch is not committed, or it is but nobody hears of it. */
export type FailurePoint = "before the commit" | "after the commit";

/** A D1 whose next batch that writes fails once, and calls back when it does. All else is the real one's. */
export function failingOnce(real: D1Database, fault: FailurePoint, failed = () => {}): D1Database {
  let hasFaults = true;
  let writes = false;

  function prepare(text: string): D1PreparedStatement {
    writes ||= !/^\s*select/i.test(text);
    return real.prepare(text);
  }

  async function batch(statements: D1PreparedStatement[]) {
    if (!hasFaults || !writes) return real.batch(statements);
    hasFaults = false;
    failed();
    if (fault === "after the commit") await real.batch(statements);
    throw new Error("D1_ERROR: Network connection lost.");
  }

  return { prepare, batch } as unknown as D1Database;
}

/** Has the next batch of an order's ledger fail once. */
export async function failNextBatch(
  environmentId: number,
  orderId: string,
  fault: FailurePoint,
): Promise<void> {
  const stub = env.ORDER_LEDGER.getByName(`${environmentId}:${orderId}`);
  await runInDurableObject(stub, (instance) => {
    const ledger = instance as unknown as { env: Cloudflare.Env };
    ledger.env = { ...env, DB: failingOnce(env.DB, fault) };
  });
}

/** Has the next batch that no ledger runs fail once: the creation of an order. */
export function failNextCreation(fault: FailurePoint): void {
  const { DB } = env;
  Object.assign(env, { DB: failingOnce(DB, fault, () => Object.assign(env, { DB })) });
}
