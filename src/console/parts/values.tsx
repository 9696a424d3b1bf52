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
  if (status === null) return <span class="status lost">no response</span>;
  return <span class={`status s${Math.floor(status / 100)}`}>{status}</span>;
}

/** A code that can wrap after each underscore. */
export function Code({ text }: { text: string }) {
  return (
    <>
      {text.split(/(?<=_)/).map((part) => (
        <>
          {part}
          <wbr />
        </>
      ))}
    </>
  );
}

/** A sentence in which text between backticks is shown as code. */
export function Prose({ text }: { text: string }) {
  return (
    <>{text.split("`").map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part))}</>
  );
}

export const HeaderList = ({ headers }: { headers: Record<string, string> }) => (
  <dl class="headers">
    {Object.entries(headers).map(([name, content]) => (
      <Fact key={name} name={name}>
        {content}
      </Fact>
    ))}
  </dl>
);

interface FactsProps<Item> {
  of: Item;
  /** The fields that the page shows elsewhere. */
  except: readonly (keyof Item)[];
}

/** The fields of an item, under their names in the API. */
export function Facts<Item extends object>({ of, except }: FactsProps<Item>) {
  const names = (Object.keys(of) as (keyof Item & string)[]).filter(
    (each) => !except.includes(each),
  );
  return (
    <dl class="facts">
      {names.map((name) => (
        <Fact key={name} name={name}>
          {contentOf(name, of[name])}
        </Fact>
      ))}
    </dl>
  );
}

function contentOf(name: string, value: unknown): ComponentChildren {
  if (typeof value !== "string") return value === null ? undefined : JSON.stringify(value);
  return /(^|_)at$/.test(name) ? <Time at={value} /> : value;
}

/** A named value in a list of facts. Without a value, renders nothing. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  if (!children) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
