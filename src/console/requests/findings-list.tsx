import { Link } from "wouter-preact";
import { money, plural } from "../format.ts";
import type { Finding } from "./findings.ts";

interface FindingsProps {
  /** Undefined until they are loaded. */
  findings: Finding[] | undefined;
  isFiltered: boolean;
}

/** The integration's mistakes, worst first, each with its order, its amount and a link. */
export function Findings({ findings, isFiltered }: FindingsProps) {
  if (!findings) return null;
  return (
    <section class="findings" aria-label="Findings">
      <h2>
        {findings.length === 0 ? "No findings" : plural(findings.length, "finding")}
        {isFiltered && " in these requests"}
      </h2>
      <ul>
        {findings.map(({ key, isWarning, subject, amount, currency, text, href }) => (
          <li key={key}>
            <Link class={isWarning ? "warning" : ""} href={href}>
              <b>{subject}</b>
              {amount !== undefined &&
                !text.includes(money(amount, currency)) &&
                ` · ${money(amount, currency)}`}
              {` · ${text}`}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
