import type { NotificationSubject } from "./notifications.ts";
import type { FaultParameters } from "./faults.ts";

interface NotificationFaultDefinition {
  parameters: { delay_ms?: "required" };
  /** What the receiver sees, for the reference. */
  effect: string;
}

/** Every fault of a notification. The API, the reference and the types follow from this record. */
export const NOTIFICATION_FAULTS = {
  duplicate_notification: {
    parameters: {},
    effect: "the same notification twice",
  },
  late_notification: {
    parameters: { delay_ms: "required" },
    effect: "the notification, late",
  },
  reordered_notification: {
    parameters: {},
    effect:
      "the next notification first, then this one. If none follows within 5 seconds, this one alone",
  },
  lost_notification: {
    parameters: {},
    effect: "no first attempt. The retries are sent",
  },
  invalid_signature: {
    parameters: {},
    effect: "a first attempt with a signature that doesn't match. Retries are signed correctly",
  },
  stale_signature: {
    parameters: {},
    effect: "a first attempt that was signed ten minutes ago. Retries are signed now",
  },
} as const satisfies Record<string, NotificationFaultDefinition>;

export type NotificationFaultName = keyof typeof NOTIFICATION_FAULTS;
export const NOTIFICATION_FAULT_NAMES = Object.keys(NOTIFICATION_FAULTS) as NotificationFaultName[];

export function isNotificationFault(name: string): name is NotificationFaultName {
  return Object.hasOwn(NOTIFICATION_FAULTS, name);
}

/** A fault that applies to a notification. */
export interface AppliedNotificationFault extends Pick<FaultParameters, "delay_ms"> {
  id: string;
  fault: NotificationFaultName;
}

/** A fault applies to the notifications that match every field. */
export type NotificationMatch = {
  [Field in keyof NotificationSubject]?: NonNullable<NotificationSubject[Field]> | undefined;
};

export const NOTIFICATION_MATCH_FIELDS = [
  "object",
  "status",
  "transaction_id",
  "network_transaction_id",
] as const satisfies (keyof NotificationMatch)[];

export function matchesNotification(
  match: NotificationMatch,
  subject: NotificationSubject,
): boolean {
  return NOTIFICATION_MATCH_FIELDS.every(
    (field) => match[field] === undefined || match[field] === subject[field],
  );
}
