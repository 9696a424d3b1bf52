import { recordedBytesOf, type NewRequest } from "../../domain/requests.ts";
import { log, logError } from "../../log.ts";
import type { DatasetRef } from "../../workbench/dataset-ref.ts";
import { findWorkbench } from "../workbench.ts";

/** How long a batch collects requests before it is sent. */
const BATCH_MILLISECONDS = 200;
/** A larger batch is sent immediately. */
const MAX_BATCH_BYTES = 4_000_000;
/** The maximum size of all batches in an isolate. Beyond it, requests are not recorded. */
const MAX_HELD_BYTES = 32_000_000;
/** An older batch counts as lost: the invocation that was sending it has ended. */
const MAX_BATCH_AGE_MILLISECONDS = 30_000;

/** Requests of one dataset, sent to its workbench in one call. */
interface Batch {
  dataset: DatasetRef;
  requests: NewRequest[];
  bytes: number;
  due: number;
  isSent: boolean;
}

/** The batches that are open or being sent. */
const held = new Set<Batch>();
/** The batches that still collect requests, by dataset. */
const open = new Map<number, Batch>();

/**
 * Adds a request to its dataset's batch. The first request waits until the batch is due, and sends it. If its invocation
 * has ended, the next request sends the batch.
 */
export async function recordInBatch(
  env: Cloudflare.Env,
  dataset: DatasetRef,
  request: NewRequest,
): Promise<void> {
  const now = Date.now();
  const bytes = recordedBytesOf(request);
  if (heldBytes(now) + bytes > MAX_HELD_BYTES) {
    return log("request not recorded: too many are waiting", { request_id: request.request_id });
  }
  const batch = openBatch(dataset, now);
  batch.requests.push(request);
  batch.bytes += bytes;
  if (batch.bytes < MAX_BATCH_BYTES && now < batch.due) {
    if (batch.requests.length > 1) return;
    await scheduler.wait(BATCH_MILLISECONDS);
  }
  await send(env, batch);
}

/** Sends this isolate's batches of an environment immediately, so that the next list includes them. */
export async function sendPending(env: Cloudflare.Env, environmentId: number): Promise<void> {
  const batches = [...open.values()].filter(
    ({ dataset }) => dataset.environment_id === environmentId,
  );
  await Promise.all(batches.map((batch) => send(env, batch)));
}

function openBatch(dataset: DatasetRef, now: number): Batch {
  const found = open.get(dataset.dataset_id);
  if (found) return found;
  const due = now + BATCH_MILLISECONDS;
  const batch: Batch = { dataset, requests: [], bytes: 0, due, isSent: false };
  held.add(batch);
  open.set(dataset.dataset_id, batch);
  return batch;
}

function heldBytes(now: number): number {
  let bytes = 0;
  for (const batch of held) {
    if (batch.due + MAX_BATCH_AGE_MILLISECONDS < now) held.delete(batch);
    else bytes += batch.bytes;
  }
  return bytes;
}

async function send(env: Cloudflare.Env, batch: Batch): Promise<void> {
  if (batch.isSent) return;
  batch.isSent = true;
  const { dataset, requests } = batch;
  open.delete(dataset.dataset_id);
  try {
    await findWorkbench(env, dataset.environment_id).record(dataset, requests);
  } catch (error) {
    logError("requests not recorded", error, { requests: requests.length });
  } finally {
    held.delete(batch);
  }
}
