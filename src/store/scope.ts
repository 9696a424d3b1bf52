import { sql } from "drizzle-orm";
import type { Usage } from "../domain/quotas.ts";
import { placeholder, Statement, type Database, type ScopedBound, type World } from "./database.ts";
import { isNoLongerTrue, WorldChanged } from "./failures.ts";

// SQLite has no way to fail on purpose outside a trigger, but it fails on a text that isn't JSON.
const requireWorld = Statement.of(
  sql<unknown>`
    select json(coalesce((
      select iif(world_id = ${placeholder("world_id")} and is_armed <= ${placeholder("is_armed")}, 1, 'changed')
      from environments where id = ${placeholder("environment_id")}), 'changed'))`,
);

type RowsOf<Statements> = {
  [Index in keyof Statements]: Statements[Index] extends ScopedBound<infer Row> ? Row[] : never;
};

/** Whose data is read or written, and through which connection: what every function on an environment's data takes. */
export class Scope {
  readonly db: Database;
  readonly world: World;
  /** The most that the environment's partner may have, where there are quotas. */
  readonly quotas: Usage | undefined;

  constructor(db: Database, world: World, quotas: Usage | undefined) {
    this.db = db;
    this.world = world;
    this.quotas = quotas;
  }

  /**
   * Runs statements in one round trip and one transaction, and answers the rows of each. Nothing is done, and
   * `WorldChanged` is thrown, where the environment has another world by now, has faults that nobody knew of,
   * or is gone: so a reset or a fault counts from the moment that it is answered, in every isolate.
   */
  async run<const Statements extends readonly ScopedBound[]>(
    ...statements: Statements
  ): Promise<RowsOf<Statements>> {
    const { world_id, environment_id, is_armed } = this.world;
    const check = requireWorld.bind({ world_id, environment_id, is_armed: Number(is_armed) });
    try {
      const [, ...rows] = await this.db.run(check, ...statements.map(({ scoped }) => scoped));
      return rows as RowsOf<Statements>;
    } catch (error) {
      throw isNoLongerTrue(error) ? new WorldChanged() : error;
    }
  }
}
