import type { AppliedFault } from "../domain/faults.ts";
import type { Warning } from "../domain/warnings.ts";
import type { Database } from "../store/database.ts";
import type { StoredKey } from "../store/keys.ts";
import type { DelayedResponse } from "./delayed-responses.ts";
import type { RecordedBody } from "./recording/recorded-body.ts";

/** What the middleware leaves for the routes. */
export interface AppEnv {
  Bindings: Cloudflare.Env & {
    /** The secret of whoever runs the sandbox; without it, nobody can do what needs it. */
    ADMIN_TOKEN?: string;
    /** What API keys are signed with: one secret, or several with commas between, of which the first signs new keys. */
    KEY_SECRET?: string;
  };
  Variables: {
    requestId: string;
    /** When the request arrived, in milliseconds since the epoch. */
    receivedAt: number;
    db: Database;
    /** The key that the request was authenticated with, and the key as it was sent. */
    apiKey: StoredKey;
    sentKey: string;
    /** The dataset in which the request takes effect: a reset may change the key's before the request ends. */
    datasetId?: number;
    /** What the answer's `Sandbox-Warnings` say. */
    warnings: Warning[];
    /** The fault that applies to this request, and the response before the fault altered it. */
    fault?: AppliedFault;
    unalteredResponse?: Response;
    /** Whether the workbench has yet to choose a fault, and whether a fault keeps the response from the client. */
    isFaultPending?: boolean;
    isResponseLost?: boolean;
    /** The response that a fault delays, as counted by its limits. */
    delayedResponse?: DelayedResponse;
    /** Whether the request is not recorded, since recording it would cost more than refusing it. */
    isUnrecorded?: boolean;
    /** What is recorded of a body that was already released. */
    recordedBody?: RecordedBody;
    /** The order that a write is on, and its versions around the write. */
    orderId?: string;
    versions?: { before: number; after: number };
  };
}

/** Where a new Durable Object is placed: next to the database, if it is known where that is. */
export function locationHint({
  LEDGER_LOCATION_HINT,
}: Cloudflare.Env): DurableObjectNamespaceGetDurableObjectOptions {
  return LEDGER_LOCATION_HINT ? { locationHint: LEDGER_LOCATION_HINT } : {};
}
