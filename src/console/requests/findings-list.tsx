import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { money, plural } from "../format.ts";
import { Money } from "../parts/values.tsx";
import type { Finding } from "./findings.ts";

/** The number of findings to show until the user expands the list. */
const SHOWN = 6;

interface FindingsProps {
  /** Undefined until they are loaded. */
  findings: Finding[] | undefined;
  isFiltered: boolean;
}

/** The mistakes of the integration, the worst first: each with its order, its money and one link. */
export function Findings({ findings, isFiltered }: FindingsProps) {
  const [isComplete, setComplete] = useState(false);
  if (!findings) return null;
  const shown = isComplete ? findings : findings.slice(0, SHOWN);
  return (
    <section class="findings" aria-label="Findings">
      <h2>
        {findings.length === 0 ? "No findings" : plural(findings.length, "finding")}
        {isFiltered && " in these requests"}
      </h2>
      <ul>
        {shown.map(({ key, isWarning, subject, amount, currency, text, href }) => (
          <li key={key}>
            <Link class={isWarning ? "warning" : ""} href={href} title={text}>
              <b>{subject}</b>{" "}
              {amount !== undefined && !text.includes(money(amount, currency)) && (
                <Money amount={amount} currency={currency} />
              )}{" "}
              {text}
            </Link>
          </li>
        ))}
      </ul>
      {findings.length > SHOWN && (
        <button type="button" class="chip more" onClick={() => setComplete(!isComplete)}>
          {isComplete ? "Show fewer" : `${findings.length - SHOWN} more`}
        </button>
      )}
    </section>
  );
}
