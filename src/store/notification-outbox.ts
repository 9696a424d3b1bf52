import { sql } from "drizzle-orm";
import { transactionBody } from "../domain/notification-payloads.ts";
import type { SimulatedEvent } from "../domain/transactions.ts";
import {
  DatasetStatement,
  placeholder,
  Statement,
  type BoundDatasetStatement,
  type Database,
} from "./database.ts";
import type { Dataset } from "./dataset.ts";

/** A notification that waits for its environment's workbench. */
export interface QueuedNotification {
  sequence: number;
  /** The ID of its transaction and the version of its event. */
  source: string;
  body: string;
}

const ofDataset = sql`dataset_id = ${placeholder("dataset_id")}`;

const insert = DatasetStatement.of(
  sql<never>`
    insert into notification_outbox (dataset_id, sequence, source, body)
    select ${placeholder("dataset_id")}, coalesce(max(sequence), 0) + 1, ${placeholder("source")},
      ${placeholder("body")}
    from notification_outbox where ${ofDataset}`,
);

/** Queues the notification of a simulated event, in the batch of the event, if the environment has webhooks. */
export function notificationQueued(
  dataset: Dataset,
  simulated: SimulatedEvent,
): BoundDatasetStatement[] {
  if (!dataset.known.has_webhooks) return [];
  const { transaction, event } = simulated;
  const source = `${transaction.id}:${event.version}`;
  return [insert.bind(dataset, { source, body: transactionBody(simulated) })];
}

const findOldest = Statement.of(
  sql<QueuedNotification>`
    select sequence, source, body from notification_outbox where ${ofDataset}
    order by sequence limit ${placeholder("limit")}`,
);
const findEnvironment = Statement.of(
  sql<{ expires_at: string | null }>`select expires_at from environments where ${ofDataset}`,
);

/** The oldest queued notifications of a dataset; undefined if the dataset is superseded. One round trip. */
export async function findQueued(
  db: Database,
  dataset_id: number,
  limit: number,
): Promise<QueuedNotification[] | undefined> {
  const [queued, [environment]] = await db.run(
    findOldest.bind({ dataset_id, limit }),
    findEnvironment.bind({ dataset_id }),
  );
  return environment && queued;
}

// Compares the source too: once the queue is empty, a sequence is used again.
const remove = Statement.of(
  sql<never>`
    delete from notification_outbox where ${ofDataset} and (sequence, source) in (
      select value ->> 'sequence', value ->> 'source' from json_each(${placeholder("queued")}))`,
);

/** Removes notifications that the workbench has stored. One round trip. */
export async function removeQueued(
  db: Database,
  dataset_id: number,
  queued: QueuedNotification[],
): Promise<void> {
  const named = queued.map(({ sequence, source }) => ({ sequence, source }));
  await db.run(remove.bind({ dataset_id, queued: JSON.stringify(named) }));
}

const findWaiting = Statement.of(
  sql<{ environment_id: number; dataset_id: number }>`
    select distinct environments.id as environment_id, environments.dataset_id
    from notification_outbox
      join environments on environments.dataset_id = notification_outbox.dataset_id
    limit ${placeholder("limit")}`,
);

/** Datasets with queued notifications. One round trip. */
export async function findDatasetsWithQueued(
  db: Database,
  limit: number,
): Promise<{ environment_id: number; dataset_id: number }[]> {
  const [waiting] = await db.run(findWaiting.bind({ limit }));
  return waiting;
}
