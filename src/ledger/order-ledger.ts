import { DurableObject } from "cloudflare:workers";
import { refuse } from "../domain/decision.ts";
import { logError } from "../log.ts";
import { Database } from "../store/database.ts";
import { CommandQueue, MAX_QUEUED_COMMANDS } from "./command-queue.ts";
import { unavailable, type Reply } from "./commands.ts";
import { Ledger, type Memory } from "./ledger.ts";
import { appendOrderEvent, deleteOrderEvent } from "./order-events.ts";
import { createOrder, deleteOrder, replaceOrder } from "./orders.ts";

const COMMANDS = { createOrder, replaceOrder, deleteOrder, appendOrderEvent, deleteOrderEvent };

export type CommandName = keyof typeof COMMANDS;
export type CommandOf<Name extends CommandName> = Parameters<(typeof COMMANDS)[Name]>[1];
export type OutcomeOf<Name extends CommandName> = Awaited<ReturnType<(typeof COMMANDS)[Name]>>;

type Handler = (ledger: Ledger, command: CommandOf<CommandName>) => Promise<Reply["outcome"]>;

/**
 * The Durable Object per order: runs the order's commands one at a time, and remembers the order's
 * state in between. It stores nothing: D1 is the only truth.
 */
export class OrderLedger extends DurableObject {
  readonly #queue = new CommandQueue();
  readonly #memory: Memory = {};

  /** Runs one command. Never throws: an exception would reach the caller without its type, and without the cost. */
  async execute(name: CommandName, command: CommandOf<CommandName>): Promise<Reply> {
    const database = new Database(this.env.DB);
    const outcome = await (this.#queue.run(() => this.#run(name, command, database)) ??
      refuse(unavailable(`More than ${MAX_QUEUED_COMMANDS} requests are waiting for this order.`)));
    return { outcome, cost: database.cost, bookmark: database.bookmark };
  }

  async #run(name: CommandName, command: CommandOf<CommandName>, database: Database) {
    const ledger = new Ledger(database, this.#memory, command.partner_id, command.order_id);
    try {
      return await (COMMANDS[name] as Handler)(ledger, command);
    } catch (error) {
      // Whether a batch was committed is unknown: the retry will find out, as the ledger has forgotten.
      const { request_id } = command.origin;
      logError("ledger command failed", error, { command: name, request_id });
      return refuse(unavailable("The database did not confirm the change."));
    }
  }
}
