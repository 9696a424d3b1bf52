import { DurableObject } from "cloudflare:workers";

/** The Durable Object per environment: its requests, its faults, and who is watching. */
export class Workbench extends DurableObject {
  /** Begins anew in another world: of what was before, nothing is left. */
  async reset(_world_id: number): Promise<void> {}

  /** Deletes all that there is. */
  async destroy(): Promise<void> {}
}
