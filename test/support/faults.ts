import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";

/** Where D1 fails: the batch is not committed, or it is but nobody hears of it. */
export type Fault = "before the commit" | "after the commit";

/** A D1 whose next batch fails once. All else is the real one's. */
export function failingOnce(real: D1Database, fault: Fault): D1Database {
  let isArmed = true;
  return new Proxy(real, {
    get(target, property) {
      if (property !== "batch") {
        const value: unknown = Reflect.get(target, property);
        return typeof value === "function" ? value.bind(target) : value;
      }
      return async (statements: D1PreparedStatement[]) => {
        const failure = new Error("D1_ERROR: Network connection lost.");
        if (isArmed && fault === "before the commit") {
          isArmed = false;
          throw failure;
        }
        const results = await target.batch(statements);
        if (isArmed) {
          isArmed = false;
          throw failure;
        }
        return results;
      };
    },
  });
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
