/** The maximum numbers of concurrent attempts. The platform opens at most six connections. */
export const MAX_WEBHOOK_ATTEMPTS = 2;
export const MAX_ENVIRONMENT_ATTEMPTS = 6;
/** How long a reordered notification waits for the next one. */
export const REORDER_MILLISECONDS = 5_000;
/** The age of the signature that the fault `stale_signature` creates. */
export const STALE_MILLISECONDS = 600_000;

/** The shortest and the longest pause after a refused attempt, without its random part. */
const MIN_PAUSE_MILLISECONDS = 2_000;
const MAX_PAUSE_MILLISECONDS = 600_000;

const HOUR_MILLISECONDS = 3_600_000;

/** Only 2xx acknowledges a notification. */
export function isAcknowledging(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300;
}

/** The time of the next attempt after a number of failed ones; undefined if none is left. */
export function nextAttemptAt(
  attempts: number,
  retryAfterSeconds: readonly number[],
  now: number,
): number | undefined {
  const seconds = retryAfterSeconds[attempts - 1];
  return seconds === undefined ? undefined : now + seconds * 1_000;
}

/** The pause after another refused attempt. */
export function longerPause(milliseconds: number): number {
  return Math.min(Math.max(2 * milliseconds, MIN_PAUSE_MILLISECONDS), MAX_PAUSE_MILLISECONDS);
}

/**
 * The pause after a permitted attempt; 0 without one. It is halved instead of cleared, so that the environments of a
 * partner are refused about as often as they are permitted.
 */
export function shorterPause(milliseconds: number): number {
  const half = milliseconds / 2;
  return half < MIN_PAUSE_MILLISECONDS ? 0 : half;
}

/** Times are in milliseconds since 1970. */
export function hasFailedTooLong(failingSince: number, now: number, maxHours: number): boolean {
  return now - failingSince >= maxHours * HOUR_MILLISECONDS;
}

/** The running and due deliveries of a webhook. */
interface WebhookLoad<D> {
  /** How many attempts are running. */
  inFlight: number;
  /** The due deliveries, the earliest first. */
  due: readonly D[];
}

/**
 * Chooses the deliveries to start. Every webhook gets one running delivery before any gets a second, concurrent one.
 * Second ones leave a place free for each idle webhook, so that a slow endpoint delays no other.
 */
export function chooseDeliveries<D>(webhooks: readonly WebhookLoad<D>[]): D[] {
  const running = webhooks.reduce((sum, { inFlight }) => sum + inFlight, 0);
  let free = Math.max(MAX_ENVIRONMENT_ATTEMPTS - running, 0);
  const chosen: D[] = [];
  for (let place = 0; place < MAX_WEBHOOK_ATTEMPTS; place += 1) {
    const idle = webhooks.filter(({ inFlight, due }) => inFlight === 0 && due.length === 0).length;
    const reserved = place === 0 ? 0 : idle;
    for (const { inFlight, due } of webhooks) {
      const next = due[place - inFlight];
      if (inFlight > place || next === undefined || free <= reserved) continue;
      chosen.push(next);
      free -= 1;
    }
  }
  return chosen;
}
