import type { DatabaseSetup } from "./database-setup.ts";

/** The response at `setupPath`. */
export interface SetupOutcome {
  /** A migration of the database that this version doesn't know. */
  unknownMigration?: string;
  error?: string;
  /** Sentences about the Worker's invalid variables. */
  invalidVariables?: string | undefined;
}

/** The options that Node passes to `worker-wrapper.ts`. */
export interface WrapperOptions {
  databaseSetup: DatabaseSetup;
  databaseBinding: string;
  /** The binding of the order ledgers, whose namespace has no storage locally. */
  ledgerBinding: string;
  /** A random path that returns the outcome of the database setup. */
  setupPath: string;
  /** Whether each request is logged as a `RequestLine`. The Worker's own JSON log is always dropped. */
  logsRequests: boolean;
}
