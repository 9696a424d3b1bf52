import type { AppliedFault } from "../domain/faults.ts";
import type { Warning } from "../domain/warnings.ts";
import type { Database } from "../store/database.ts";
import type { StoredKey } from "../store/keys.ts";
import type { RowCounts } from "../workbench/row-counter.ts";
import type { DelayedResponse } from "./delayed-responses.ts";
import type { RecordedBody } from "./recording/recorded-body.ts";

/** The bindings, and the variables that middleware sets for the routes. */
export interface AppEnv {
  Bindings: Cloudflare.Env & {
    /** The operator's token. Without it, the operator's paths don't exist. */
    ADMIN_TOKEN?: string;
    /** The secrets that sign API keys, separated by commas. The first one signs new keys. */
    KEY_SECRET?: string;
  };
  Variables: {
    requestId: string;
    /** When the request arrived, in milliseconds since the epoch. */
    receivedAt: number;
    db: Database;
    /** The rows that the request read and wrote, and that its cost in D1 leaves out: in workbenches, and of its key. */
    uncostedRows?: RowCounts;
    apiKey: StoredKey;
    /** The key itself, as the request sent it. */
    sentKey: string;
    /** The dataset in which the request takes effect. A reset may change the cached key's `dataset_id` meanwhile. */
    datasetId?: number;
    /** The warnings for the header `Sandbox-Warnings`. */
    warnings: Warning[];
    /** The fault that applies to this request. */
    fault?: AppliedFault;
    /** The response before the fault altered it. */
    unalteredResponse?: Response;
    /** Whether the workbench may still have a fault for this request. */
    isFaultPending?: boolean;
    /** Whether a fault withholds the response from the client. */
    isResponseLost?: boolean;
    /** Counts this request among the partner's delayed responses. */
    delayedResponse?: DelayedResponse;
    /** Whether the request is not recorded, because recording it would cost more than rejecting it. */
    isUnrecorded?: boolean;
    /** The recorded part of the body, if the body itself was released early. */
    recordedBody?: RecordedBody;
    /** The order that a write changes. */
    orderId?: string;
    /** The versions of that order before and after the write. */
    versions?: { before: number; after: number };
    /** The card transaction of a simulated event. */
    networkTransactionId?: string | undefined;
  };
}

/** Places a new Durable Object close to the database, if the region is configured. */
export function locationHint({
  LEDGER_LOCATION_HINT,
}: Cloudflare.Env): DurableObjectNamespaceGetDurableObjectOptions {
  return LEDGER_LOCATION_HINT ? { locationHint: LEDGER_LOCATION_HINT } : {};
}
