import { refuse } from "../domain/decision.ts";
import { logError } from "../log.ts";
import type { Database } from "../store/database.ts";
import { unavailable } from "./commands.ts";
import type { CommandName, CommandOf, OrderLedger, OutcomeOf } from "./order-ledger.ts";

/** Where the ledgers are, and where new ones are to be placed: next to the database. */
export interface LedgerPlace {
  ORDER_LEDGER: DurableObjectNamespace<OrderLedger>;
  LEDGER_LOCATION_HINT: string;
}

/**
 * Sends a command to the ledger of its order, and adds what it spent in D1 to `db`. An object that
 * can't be reached is a refusal too: the command may or may not have been run.
 */
export async function sendToLedger<Name extends CommandName>(
  { ORDER_LEDGER, LEDGER_LOCATION_HINT }: LedgerPlace,
  db: Database,
  name: Name,
  command: CommandOf<Name>,
): Promise<OutcomeOf<Name>> {
  try {
    // The partner's number can't contain a colon, so no two orders share a name.
    const stub = ORDER_LEDGER.getByName(
      `${command.partner_id}:${command.order_id}`,
      LEDGER_LOCATION_HINT
        ? { locationHint: LEDGER_LOCATION_HINT as DurableObjectLocationHint }
        : {},
    );
    const { outcome, cost, bookmark } = await stub.execute(name, command);
    db.addSpent(cost, bookmark);
    return outcome as OutcomeOf<Name>;
  } catch (error) {
    const { request_id } = command.origin;
    logError("ledger not reached", error, { command: name, request_id });
    return refuse(unavailable("The order's ledger could not be reached.")) as OutcomeOf<Name>;
  }
}
