import { Money } from "../parts/values.tsx";

export const MEASURES = ["ordered", "captured", "refunded", "refundable"] as const;

export type LedgerFigures = Record<(typeof MEASURES)[number], number>;

interface BarsProps {
  title: string;
  figures: LedgerFigures;
  currency: string;
}

/** Draws an order's figures as bars of one scale. Screen readers read the figures next to them. */
export function Bars({ title, figures, currency }: BarsProps) {
  const longest = Math.max(1, ...MEASURES.map((name) => figures[name]));
  return (
    <section aria-label={title} class="bars">
      <h3>{title}</h3>
      <dl>
        {MEASURES.map((name) => (
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
