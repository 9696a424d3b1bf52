import { DurableObject } from "cloudflare:workers";

/** The Durable Object per environment: its requests, its faults, and who is watching. */
export class Workbench extends DurableObject {}
