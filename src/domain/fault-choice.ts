import { matchesRequest } from "./fault-match.ts";
import type { AnyMatch } from "./faults.ts";
import { matchesNotification } from "./notification-faults.ts";
import type { NotificationSubject } from "./notifications.ts";
import type { RequestSubject } from "./request-subject.ts";

/** The fault that applies, and the older ones that let the request or notification through. */
interface Choice<F> {
  applied: F | undefined;
  skipped: F[];
}

type Choosable = { match: AnyMatch; skip_remaining: number };

/**
 * Chooses the fault that applies to a request: the oldest one that matches and has nothing left to skip.
 *
 * @param faults Oldest first.
 */
export function chooseFault<F extends Choosable>(faults: F[], subject: RequestSubject): Choice<F> {
  return chooseOldest(faults.filter(({ match }) => matchesRequest(match, subject)));
}

/** The same for a notification. */
export function chooseNotificationFault<F extends Choosable>(
  faults: F[],
  subject: NotificationSubject,
): Choice<F> {
  return chooseOldest(faults.filter(({ match }) => matchesNotification(match, subject)));
}

function chooseOldest<F extends Choosable>(matching: F[]): Choice<F> {
  const index = matching.findIndex(({ skip_remaining }) => skip_remaining === 0);
  if (index === -1) return { applied: undefined, skipped: matching };
  return { applied: matching[index], skipped: matching.slice(0, index) };
}
