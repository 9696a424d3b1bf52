import type { Assumptions } from "../assumptions.ts";
import type { Finding } from "../reconciliation.ts";
import type { RecordedVersions, RequestSummary, RequestTrace } from "../requests.ts";

/** A recorded request as the checks read it. */
export interface ObservedRequest extends Omit<RequestSummary, "at">, RecordedVersions {
  /** The recorded request's ID. */
  id: string;
  /** When it arrived, in milliseconds since 1970. */
  at: number;
  trace: RequestTrace;
}

/** How an environment's order events compare with its simulated card transactions. */
export interface CardFacts {
  transactions: number;
  /** How many `network_transaction_id`s agree, and the newest of them. */
  agreeing: number;
  agreeing_ids: string[];
  /** How many disagree, and the newest of them. */
  disagreeing: number;
  disagreements: {
    network_transaction_id: string;
    order_event_ids: string[];
    findings: Finding[];
  }[];
}

export const NO_CARD_FACTS: CardFacts = {
  transactions: 0,
  agreeing: 0,
  agreeing_ids: [],
  disagreeing: 0,
  disagreements: [],
};

/** The facts about one environment that the checks evaluate. */
export interface ReadinessFacts {
  /** Oldest first. */
  requests: ObservedRequest[];
  card: CardFacts;
  assume: Assumptions;
}
