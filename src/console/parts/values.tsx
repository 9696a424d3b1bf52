import type { ComponentChildren } from "preact";
import { now } from "../clock.ts";
import { fullTime, minorUnits, money, relativeTime } from "../format.ts";

export function Time({ at }: { at: string }) {
  return (
    <time dateTime={at} title={fullTime(at)}>
      {relativeTime(at, now.value)}
    </time>
  );
}

export function Money({ amount, currency }: { amount: number; currency: string }) {
  return (
    <data class="money" value={amount} title={minorUnits(amount, currency)}>
      {money(amount, currency)}
    </data>
  );
}

export function Status({ status }: { status: number | null }) {
  if (status === null) return <span class="status lost">none</span>;
  return <span class={`status s${Math.floor(status / 100)}`}>{status}</span>;
}

/** A sentence whose `names` are set as code. */
export function Prose({ text }: { text: string }) {
  return (
    <>{text.split("`").map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part))}</>
  );
}

/** A named value of a list of facts; nothing without a value. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  if (!children) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
