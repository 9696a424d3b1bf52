import { sql } from "drizzle-orm";
import { placeholder, Statement, type Database } from "./database.ts";

/** Where a sweep stopped. Orders are sorted by `sequence`, transactions by `transaction_id`. */
export interface SweepPosition {
  dataset_id: number;
  sequence: number;
  transaction_id: string;
}

export const START: SweepPosition = { dataset_id: 0, sequence: 0, transaction_id: "" };

const select = Statement.of(
  sql<SweepPosition>`
    select dataset_id, sequence, coalesce(transaction_id, '') as transaction_id
    from sweep_positions where name = ${placeholder("name")}`,
);
const save = Statement.of(
  sql<never>`
    insert into sweep_positions (name, dataset_id, sequence, transaction_id)
    values (${placeholder("name")}, ${placeholder("dataset_id")}, ${placeholder("sequence")},
      ${placeholder("transaction_id")})
    on conflict do update set dataset_id = excluded.dataset_id, sequence = excluded.sequence,
      transaction_id = excluded.transaction_id`,
);

type Swept = "orders" | "transactions";

/** Where the last sweep stopped. One round trip. */
export async function findSweepPosition(db: Database, name: Swept): Promise<SweepPosition> {
  const [[position]] = await db.run(select.bind({ name }));
  return position ?? START;
}

export async function saveSweepPosition(
  db: Database,
  name: Swept,
  position: SweepPosition,
): Promise<void> {
  await db.run(save.bind({ name, ...position }));
}
