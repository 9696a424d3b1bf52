import { unitOf } from "../../domain/notification-header.ts";
import { SIGNATURE_HEADER } from "../../domain/notifications.ts";
import { fullTime } from "../format.ts";
import { Fact } from "../parts/values.tsx";

/** The parts of the signature header, and how to verify them. */
export function Signature({ headers }: { headers: Record<string, string> }) {
  const name = Object.keys(headers).find((each) => each.toUpperCase() === SIGNATURE_HEADER);
  const header = name ? headers[name]! : "";
  const [, time, signature] = /^t=(\d+),s=(\w+)$/.exec(header) ?? [];
  if (time === undefined) return <p class="quiet">The attempt has no signature.</p>;
  const unit = unitOf(time);
  const at = new Date(Number(time) * (unit === "seconds" ? 1_000 : 1));
  return (
    <>
      <dl class="facts">
        <Fact name={`t, in ${unit}`}>{time}</Fact>
        <Fact name="signed">{fullTime(at.toJSON())}</Fact>
        <Fact name="s">
          <code>{signature}</code>
        </Fact>
      </dl>
      <p class="quiet">
        <code>s</code> is the HMAC-SHA256 of <code>t</code>, a dot and the raw body, in hex. The key
        is the signing token or its SHA-256: the webhook's setting <code>signature</code> decides.
      </p>
    </>
  );
}
