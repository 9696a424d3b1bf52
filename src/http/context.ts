import type { Context } from "hono";
import type { IdempotencyKey } from "../domain/idempotency.ts";
import { toTimestamp } from "../domain/timestamp.ts";
import type { Database } from "../store/database.ts";
import type { Origin } from "../store/order-changes.ts";
import type { StoredKey } from "../store/keys.ts";

/** What the middleware leaves for the routes. */
export interface AppEnv {
  Bindings: Cloudflare.Env & {
    /** The secret of whoever runs the sandbox; without it, nobody can do what needs it. */
    ADMIN_TOKEN?: string;
  };
  Variables: {
    requestId: string;
    db: Database;
    /** The key that the request was authenticated with, and the key as it was sent. */
    apiKey: StoredKey;
    secret: string;
  };
}

/** Where the changes of this request come from: its id, its time, and its Idempotency-Key. */
export function originOf(c: Context<AppEnv>, idempotency?: IdempotencyKey): Origin {
  return {
    request_id: c.get("requestId"),
    changed_at: toTimestamp(new Date()),
    idempotency,
  };
}
