import { sql } from "drizzle-orm";
import { placeholder, Statement, type Database } from "./database.ts";

const count = Statement.of(
  sql<{ environments: number }>`
    select count(*) as environments from environments
    where dataset_id is not null and partner_id = (
      select partner_id from environments where dataset_id = ${placeholder("dataset_id")})`,
);

/** How many live environments the partner of a dataset has; 0 if the dataset is superseded. */
export async function countLiveEnvironments(db: Database, dataset_id: number): Promise<number> {
  const [[row]] = await db.run(count.bind({ dataset_id }));
  return row!.environments;
}
