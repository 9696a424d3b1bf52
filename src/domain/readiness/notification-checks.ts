/** Whether the client handles late, duplicate, reordered and forged notifications. */
import type { NotificationFaultName } from "../notification-faults.ts";
import { isCreation, isExecuted } from "./creations.ts";
import type {
  ObservedAttempt,
  ObservedNotification,
  ObservedRequest,
  ReadinessFacts,
} from "./facts.ts";
import { counted, failed, notSeen, passed, type Evidence, type Verdict } from "./verdict.ts";

/** How soon a receiver must respond. */
const MAX_MILLISECONDS = 5_000;

const isAcknowledged = ({ status }: ObservedAttempt): boolean =>
  status !== null && status >= 200 && status < 300;

const isRefusal = (status: number): boolean => status >= 400 && status < 500;

const evidenceOf = ({ id, network_transaction_id }: ObservedNotification): Evidence => ({
  notification_id: id,
  ...(network_transaction_id !== null && { network_transaction_id }),
});

const evidenceOfAll = (
  first: ObservedNotification,
  ...others: ObservedNotification[]
): [Evidence, ...Evidence[]] => [evidenceOf(first), ...others.map(evidenceOf)];

const nameOf = ({ id }: ObservedNotification): string => `The notification ${id}`;

export function checkAcknowledged({ notifications }: ReadinessFacts): Verdict {
  const acknowledged = notifications.filter(({ attempts }) => attempts.some(isAcknowledged));
  const isSlow = ({ status, ms }: ObservedAttempt) =>
    ms > MAX_MILLISECONDS && (status === null || (status >= 200 && status < 300));
  const slow = notifications.filter(({ attempts }) => attempts.some(isSlow));
  const [late, ...more] = slow;
  if (late) {
    const ms = late.attempts.find(isSlow)!.ms;
    return failed(
      `${nameOf(late)} got no 2xx within ${MAX_MILLISECONDS / 1_000} s: the attempt took ${ms} ms.`,
      evidenceOfAll(late, ...more),
    );
  }
  const [one, ...others] = acknowledged;
  if (!one) return notSeen("No notification was acknowledged with 2xx.");
  return passed(
    `Looked at ${counted(acknowledged.length, "acknowledged notification")}: each 2xx came within ${MAX_MILLISECONDS / 1_000} s.`,
    evidenceOfAll(one, ...others),
  );
}

/** The attempts of each delivery, oldest first. A duplicated notification has two deliveries. */
const deliveriesOf = ({ attempts }: ObservedNotification): ObservedAttempt[][] => [
  ...Map.groupBy(attempts, ({ delivery_id }) => delivery_id).values(),
];

const subjectOf = (network_transaction_id: string | null, status: string | null | undefined) =>
  JSON.stringify([network_transaction_id, status]);
const subjectOfNotification = ({ network_transaction_id, status }: ObservedNotification) =>
  subjectOf(network_transaction_id, status);

/** The order events that report the event of each notification. */
function reportsBySubject({ requests }: ReadinessFacts): Map<string, ObservedRequest[]> {
  const reports = requests.filter(
    (each) => isCreation(each) && isExecuted(each) && each.content?.event_type !== undefined,
  );
  return Map.groupBy(reports, ({ network_transaction_id, content }) =>
    subjectOf(network_transaction_id, content?.event_type),
  );
}

export function checkDuplicate(facts: ReadinessFacts): Verdict {
  const { notifications } = facts;
  const reported = reportsBySubject(facts);
  const subjects = Map.groupBy(notifications, subjectOfNotification);
  const handled: ObservedNotification[] = [];
  for (const each of notifications) {
    if (each.fault !== "duplicate_notification" || deliveriesOf(each).length < 2) continue;
    const reports = reported.get(subjectOfNotification(each)) ?? [];
    // A transaction may be captured several times, each with a notification.
    const expected = subjects.get(subjectOfNotification(each))!.length;
    if (reports.length > expected) {
      return failed(
        `${nameOf(each)} was sent twice, and acted on twice: the card has ${expected} ${each.status} for ${each.network_transaction_id}, but order events report ${reports.length}.`,
        [evidenceOf(each), ...reports.map(({ id, request_id }) => ({ id, request_id }))],
      );
    }
    if (each.delivery_status === "failed") {
      return failed(`${nameOf(each)} was sent twice, and not acknowledged.`, evidenceOfAll(each));
    }
    if (each.delivery_status === "acknowledged" && reports.length > 0) handled.push(each);
  }
  const [one, ...others] = handled;
  if (!one) return notSeen("No duplicate notification was acknowledged and acted on.");
  return passed(
    `Looked at ${counted(handled.length, "duplicate notification")}, such as ${one.id}: each was acknowledged, and acted on once.`,
    evidenceOfAll(one, ...others),
  );
}

export function checkReordered(facts: ReadinessFacts): Verdict {
  const differing = new Set(facts.card.disagreements.map((each) => each.network_transaction_id));
  const reported = reportsBySubject(facts);
  const handled: ObservedNotification[] = [];
  let alone: ObservedNotification | undefined;
  for (const [index, each] of facts.notifications.entries()) {
    if (each.fault !== "reordered_notification") continue;
    const overtaking = facts.notifications[index + 1];
    if (!overtaking || !isOvertaken(each, overtaking)) {
      if (each.attempts.length > 0) alone = each;
      continue;
    }
    const pair = [each, overtaking];
    const broken = pair.find(
      ({ delivery_status, network_transaction_id }) =>
        delivery_status === "failed" || differing.has(network_transaction_id ?? ""),
    );
    if (broken) {
      return failed(
        `The notifications ${each.id} and ${overtaking.id} changed places, and ${broken.delivery_status === "failed" ? `${broken.id} was not acknowledged` : `the order events for ${broken.network_transaction_id} disagree with the card`}.`,
        evidenceOfAll(each, overtaking),
      );
    }
    const isReported = pair.some((notification) =>
      reported.has(subjectOfNotification(notification)),
    );
    const isDone = pair.every(({ delivery_status }) => delivery_status === "acknowledged");
    if (isDone && isReported) handled.push(each, overtaking);
  }
  const [one, ...others] = handled;
  if (!one) {
    return notSeen(
      alone
        ? `${nameOf(alone)} was held back for another one, and none followed in time. Set the fault again, and simulate two events.`
        : "No pair of notifications in reverse order was acknowledged and acted on.",
    );
  }
  return passed(
    `The notifications ${one.id} and ${others[0]?.id} changed places: both were acknowledged, and the order events agree with the card.`,
    evidenceOfAll(one, ...others),
  );
}

/** Whether the later notification was sent first. */
function isOvertaken(earlier: ObservedNotification, later: ObservedNotification): boolean {
  const [sent, sentLater] = [earlier.attempts[0], later.attempts[0]];
  return sent !== undefined && sentLater !== undefined && sentLater.at <= sent.at;
}

const FORGERIES = new Set<string>([
  "invalid_signature",
  "stale_signature",
] satisfies NotificationFaultName[]);
const isForged = ({ fault }: ObservedNotification): boolean => FORGERIES.has(fault ?? "");

/** The webhooks whose receiver acknowledged a valid signature. Only first attempts are forged. */
function acceptingWebhooks(notifications: readonly ObservedNotification[]): Set<string> {
  const valid = notifications.flatMap((each) =>
    deliveriesOf(each).flatMap((attempts) => (isForged(each) ? attempts.slice(1) : attempts)),
  );
  return new Set(valid.filter(isAcknowledged).map(({ webhook_id }) => webhook_id));
}

/** A check of the notifications whose first attempt had such a signature. */
export function checkSignature(fault: "invalid_signature" | "stale_signature", name: string) {
  return ({ notifications }: ReadinessFacts): Verdict => {
    const accepting = acceptingWebhooks(notifications);
    const refused: ObservedNotification[] = [];
    let unproven: ObservedNotification | undefined;
    for (const each of notifications) {
      if (each.fault !== fault) continue;
      const forged = deliveriesOf(each).flatMap((attempts) => attempts.slice(0, 1));
      const responses = forged.filter(({ status }) => status !== null);
      const wrong = responses.map(({ status }) => status!).find((status) => !isRefusal(status));
      if (wrong !== undefined) {
        return failed(
          `${nameOf(each)} had ${name}, and the response was ${wrong} instead of 4xx.`,
          evidenceOfAll(each),
        );
      }
      if (responses.some(({ webhook_id }) => accepting.has(webhook_id))) refused.push(each);
      else if (responses.length > 0) unproven = each;
    }
    const [one, ...others] = refused;
    if (!one) {
      return notSeen(
        unproven
          ? `${nameOf(unproven)} had ${name} and was refused with 4xx, but its receiver has acknowledged no valid notification: it may refuse all.`
          : `No receiver responded to a notification with ${name}.`,
      );
    }
    return passed(
      `Looked at ${counted(refused.length, "notification")} with ${name}, such as ${one.id}: each was refused with 4xx, and a valid one acknowledged.`,
      evidenceOfAll(one, ...others),
    );
  };
}

export function checkRedelivery({ notifications }: ReadinessFacts): Verdict {
  const recovered: ObservedNotification[] = [];
  for (const each of notifications) {
    if (isForged(each)) continue;
    const repeated = deliveriesOf(each).filter(
      ([first, ...later]) => later.length > 0 && !isAcknowledged(first!),
    );
    if (repeated.length === 0) continue;
    if (each.delivery_status === "failed") {
      return failed(
        `${nameOf(each)} was sent ${each.attempts.length} times and never acknowledged.`,
        evidenceOfAll(each),
      );
    }
    if (repeated.every((attempts) => attempts.some(isAcknowledged))) recovered.push(each);
  }
  const [one, ...others] = recovered;
  if (!one) return notSeen("No notification was acknowledged after a failed attempt.");
  return passed(
    `Looked at ${counted(recovered.length, "notification")} whose first attempt failed, such as ${one.id}: each was acknowledged when it was sent again.`,
    evidenceOfAll(one, ...others),
  );
}
