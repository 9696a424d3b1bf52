import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";

/** Where D1 fails: before it commits the batch, or after the commit but before it responds. */
export type FailurePoint = "before the commit" | "after the commit";

/** Wraps D1 so that the next batch that writes fails once and then calls `onFailure`. */
export function failingOnce(real: D1Database, at: FailurePoint, onFailure = () => {}): D1Database {
  let willFail = true;
  let writes = false;

  function prepare(text: string): D1PreparedStatement {
    writes ||= !/^\s*select/i.test(text);
    return real.prepare(text);
  }

  async function batch(statements: D1PreparedStatement[]) {
    if (!willFail || !writes) return real.batch(statements);
    willFail = false;
    onFailure();
    if (at === "after the commit") await real.batch(statements);
    throw new Error("D1_ERROR: Network connection lost.");
  }

  return { prepare, batch } as unknown as D1Database;
}

/** Makes the next batch of an order's ledger fail once. */
export async function failNextBatch(
  environmentId: number,
  orderId: string,
  at: FailurePoint,
): Promise<void> {
  const stub = env.ORDER_LEDGER.getByName(`${environmentId}:${orderId}`);
  await runInDurableObject(stub, (instance) => {
    const ledger = instance as unknown as { env: Cloudflare.Env };
    ledger.env = { ...env, DB: failingOnce(env.DB, at) };
  });
}

/** Makes the next creation of an order fail once. */
export function failNextCreation(at: FailurePoint): void {
  const { DB } = env;
  Object.assign(env, { DB: failingOnce(DB, at, () => Object.assign(env, { DB })) });
}
