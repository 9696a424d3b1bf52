import type { NotificationAttempt, NotificationDetails } from "../api.ts";
import { clockTime, fullTime } from "../format.ts";
import { HeaderList, Status, Time } from "../parts/values.tsx";

const REASONS: Record<NotificationDetails["delivery_status"], string> = {
  unaddressed: "No webhook was set up for this kind.",
  pending: "The first attempt has not ended yet.",
  acknowledged: "",
  failed: "",
};

/** Each attempt to deliver a notification, with its response. */
export function Attempts({ notification }: { notification: NotificationDetails }) {
  const { attempts, attempt_count, delivery_status, next_at } = notification;
  return (
    <>
      {attempts.length === 0 && <p class="quiet">{REASONS[delivery_status]}</p>}
      {attempt_count > attempts.length && (
        <p class="quiet">
          The newest {attempts.length} of {attempt_count} attempts.
        </p>
      )}
      <ul class="events">
        {attempts.map((attempt, index) => (
          <Attempt key={index} attempt={attempt} />
        ))}
      </ul>
      {next_at && (
        <p class="quiet">
          The next attempt is due <Time at={next_at} />.
        </p>
      )}
    </>
  );
}

function Attempt({ attempt }: { attempt: NotificationAttempt }) {
  const { at, url, status, response_body, ms, error, headers, webhook_id } = attempt;
  return (
    <li>
      <div class="bar">
        <Status status={status} />
        <span>{url ?? `webhook ${webhook_id}`}</span>
        <small class="quiet">{ms} ms</small>
        <time dateTime={at} title={fullTime(at)}>
          {clockTime(at)}
        </time>
      </div>
      {error && <p class="error">{error}</p>}
      <details>
        <summary>Headers and response</summary>
        <HeaderList headers={headers} />
        {response_body ? (
          <pre tabIndex={0}>{response_body}</pre>
        ) : (
          <p class="quiet">
            {status === null ? "No response was received." : "The response has no body."}
          </p>
        )}
      </details>
    </li>
  );
}
