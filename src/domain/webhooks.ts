/** The kinds of event notifications that the contract publishes. */
export const NOTIFICATION_KINDS = [
  "APPLICATION",
  "TRANSACTION",
  "PAYMENT_METHOD",
  "CUSTOMER_LINK",
  "REWARD",
  "STREAK",
  "ACCOUNT_STATUS",
] as const;
export type NotificationKind = (typeof NOTIFICATION_KINDS)[number];

/** The possible readings of the published page on signatures, which contradicts itself. */
export const SIGNATURE_KEYS = ["token", "sha256", "sha256_hex"] as const;
export const SIGNATURE_TIMESTAMPS = ["milliseconds", "seconds"] as const;

/** How a webhook's notifications are signed. */
export interface SignatureSettings {
  /** The HMAC key: the signing token, its SHA-256, or its SHA-256 in hex. */
  key: (typeof SIGNATURE_KEYS)[number];
  /** The unit of `t`. */
  timestamp: (typeof SIGNATURE_TIMESTAMPS)[number];
}

export const WEBHOOK_STATUSES = ["active", "paused"] as const;
export type WebhookStatus = (typeof WEBHOOK_STATUSES)[number];

export const PAUSE_REASONS = ["by_request", "failed_for_a_day"] as const;
type PauseReason = (typeof PAUSE_REASONS)[number];

/** The settings that a request can choose. */
export interface WebhookSettings {
  kinds: NotificationKind[];
  signing_token: string;
  signature: SignatureSettings;
  retry_after_seconds: number[];
}

/** Receives the notifications of some kinds. Timestamps are RFC 3339. */
export interface Webhook extends WebhookSettings {
  id: string;
  /** Left out for a webhook whose deliveries a program reads from the stream. */
  url?: string;
  status: WebhookStatus;
  paused_because?: PauseReason;
  /** The first failure since the last acknowledgement. */
  failing_since?: string;
  /** When a webhook without a URL is removed, unless its stream is read before. */
  expires_at?: string;
  created_at: string;
}

export const MAX_WEBHOOKS = 10;
export const MAX_RETRIES = 20;
export const MAX_RETRY_AFTER = 86_400;
export const DEFAULT_RETRY_AFTER_SECONDS = [5, 30, 120, 600, 3_600, 21_600];
export const DEFAULT_SIGNATURE: SignatureSettings = { key: "token", timestamp: "milliseconds" };

/** A listener is a webhook without a URL. It expires this long after its stream was last read. */
export const LISTENER_HOURS = 24;
/** How long a webhook fails before it is paused. */
export const MAX_FAILING_HOURS = 24;
