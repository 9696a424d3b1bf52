import { DurableObject } from "cloudflare:workers";
import { Tables } from "./tables.ts";

/**
 * What an environment has beside its data, in a Durable Object of its own, named by the environment: the
 * faults that are to act, and the requests that came. What it has belongs to one world of the environment;
 * what is asked or said of an earlier one finds nothing, and changes nothing.
 */
export class Workbench extends DurableObject<Cloudflare.Env> {
  readonly #tables: Tables;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#tables = new Tables(ctx.storage);
  }

  /** Forgets everything of the worlds before this one. */
  async reset(worldId: number): Promise<void> {
    this.#tables.forWorld(worldId);
  }

  /** Deletes everything, for an environment that is gone. */
  async destroy(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }
}
