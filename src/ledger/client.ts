import { refuse } from "../domain/decision.ts";
import { addCost, type D1Cost } from "../store/database.ts";
import { unavailable } from "./commands.ts";
import type { CommandName, CommandOf, OrderLedger, OutcomeOf } from "./order-ledger.ts";

/**
 * Sends a command to the ledger of its order, and adds what it spent in D1 to `cost`. An object that
 * can't be reached is a refusal too: the command may or may not have been run.
 */
export async function sendToLedger<Name extends CommandName>(
  namespace: DurableObjectNamespace<OrderLedger>,
  cost: D1Cost,
  name: Name,
  command: CommandOf<Name>,
): Promise<OutcomeOf<Name>> {
  // The partner's number can't contain a colon, so no two orders share a name.
  const stub = namespace.getByName(`${command.partner_id}:${command.order_id}`);
  try {
    const reply = await stub.execute(name, command);
    addCost(cost, reply.cost);
    return reply.outcome as OutcomeOf<Name>;
  } catch (error) {
    const { request_id } = command.origin;
    console.error({ message: "ledger not reached", command: name, request_id, error });
    return refuse(unavailable("The order's ledger could not be reached.")) as OutcomeOf<Name>;
  }
}
