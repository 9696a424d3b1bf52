import type { AppliedNotificationFault } from "./notification-faults.ts";
import type { NotificationKind } from "./webhooks.ts";

/** The maximum size of a notification's body, and of the stored part of a response. */
export const MAX_NOTIFICATION_BYTES = 64 * 1024;
export const MAX_RESPONSE_BYTES = 4 * 1024;
/** The maximum number of notifications that an environment stores. */
export const MAX_NOTIFICATIONS = 10_000;
/** The maximum number of deliveries of a notification. */
export const MAX_DELIVERIES = 100;
/** The maximum number of attempts in the details of a notification. */
export const MAX_SHOWN_ATTEMPTS = 100;
/** The time within which a receiver must respond. */
export const DELIVERY_TIMEOUT_MILLISECONDS = 15_000;
export const SIGNATURE_HEADER = "X-IMPRINT-HMAC-SIGNATURE";

/**
 * `unaddressed`: no webhook of the kind existed. `pending`: an attempt will follow. `acknowledged`: by every webhook.
 * `failed`: the attempts of a webhook ran out.
 */
export const DELIVERY_STATUSES = ["unaddressed", "pending", "acknowledged", "failed"] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** The fields of a payload that filters and faults match. */
export interface NotificationSubject {
  object: NotificationKind;
  /** `data.status` of the payload. */
  status: string | null;
  transaction_id: string | null;
  network_transaction_id: string | null;
}

/** A notification as lists show it. Fields without a value are null. */
export interface NotificationSummary extends NotificationSubject {
  /** `data.event_id` of the payload. */
  event_id: string | null;
  /** RFC 3339 with milliseconds. */
  at: string;
  delivery_status: DeliveryStatus;
  attempt_count: number;
  /** When the next attempt is due; null if none is, or if its webhook is paused. */
  next_at: string | null;
  fault: AppliedNotificationFault | null;
}

/** Selects the notifications that match every field. */
export interface NotificationFilter {
  object?: NotificationKind | undefined;
  status?: string | undefined;
  delivery_status?: DeliveryStatus | undefined;
  transaction_id?: string | undefined;
  network_transaction_id?: string | undefined;
  event_id?: string | undefined;
  /** RFC 3339. */
  since?: string | undefined;
}

/** The delivery of a notification to one webhook; a duplicated notification has two. */
export interface Delivery {
  id: number;
  webhook_id: string;
  status: Exclude<DeliveryStatus, "unaddressed">;
  attempt_count: number;
  next_at: string | null;
}

/** An attempt to deliver a notification. */
export interface Attempt {
  at: string;
  delivery_id: number;
  webhook_id: string;
  /** Null for a webhook without a URL, until the program that forwards its notifications reports the URL. */
  url: string | null;
  headers: Record<string, string>;
  /** Null without a response. */
  status: number | null;
  response_body: string | null;
  ms: number;
  /** The reason for a missing response. */
  error: string | null;
  /** When the next attempt of this delivery is due. */
  next_at: string | null;
}

/** A delivery to attempt, in the stream of a webhook without a URL. */
export interface OfferedDelivery {
  /** The position in the stream. */
  id: string;
  notification_id: string;
  delivery_id: number;
  webhook_id: string;
  /** The number of this attempt, from 1. */
  attempt: number;
  object: NotificationKind;
  headers: Record<string, string>;
  body: string;
}
