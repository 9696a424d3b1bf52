import type { Assumptions } from "../assumptions.ts";
import type { NotificationFaultName } from "../notification-faults.ts";
import type { DeliveryStatus } from "../notifications.ts";
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
  /** How many `network_transaction_id`s have the same money on both sides. */
  agreeing: number;
  /** Some of these. */
  agreeing_ids: string[];
  /** How many have money in order events that the card has not moved. */
  without_card: number;
  /** Some of these. */
  without_card_ids: string[];
  /** How many have another disagreement. */
  disagreeing: number;
  /** Some of these. */
  disagreements: {
    network_transaction_id: string;
    order_event_ids: string[];
    findings: Finding[];
  }[];
}

/** An attempt to deliver a notification. */
export interface ObservedAttempt {
  at: number;
  delivery_id: number;
  webhook_id: string;
  /** Null without a response. */
  status: number | null;
  ms: number;
}

/** A notification as the checks read it. */
export interface ObservedNotification {
  id: string;
  at: number;
  /** `data.status` of its payload. */
  status: string | null;
  network_transaction_id: string | null;
  delivery_status: DeliveryStatus;
  fault: NotificationFaultName | null;
  /** Oldest first. */
  attempts: ObservedAttempt[];
}

/** The facts about one environment that the checks evaluate. */
export interface ReadinessFacts {
  /** Oldest first. */
  requests: ObservedRequest[];
  /** Oldest first. */
  notifications: ObservedNotification[];
  card: CardFacts;
  assume: Assumptions;
}
