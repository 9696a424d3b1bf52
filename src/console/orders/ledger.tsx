import { SUMS } from "../../domain/ledger-state.ts";
import type { TimelineFigures } from "../api.ts";
import { Money } from "../parts/values.tsx";

/** The figures of an order, for its amount and for its rewards. */
export const FIGURES = ["ordered", ...SUMS, "refundable"] as const satisfies readonly Figure[];

type Figure = Exclude<keyof TimelineFigures, "rewards">;

export type LedgerFigures = Record<Figure, number>;

interface BarsProps {
  title: string;
  figures: LedgerFigures;
  currency: string;
}

/** Draws an order's figures as bars of one scale. Screen readers read the figures next to them. */
export function Bars({ title, figures, currency }: BarsProps) {
  const longest = Math.max(1, ...FIGURES.map((name) => figures[name]));
  return (
    <section aria-label={title} class="bars">
      <h3>{title}</h3>
      <dl>
        {FIGURES.map((name) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <span class="track" aria-hidden="true">
                <span
                  class={`filled ${name}`}
                  style={{ width: `${(figures[name] / longest) * 100}%` }}
                />
              </span>
              <Money amount={figures[name]} currency={currency} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
