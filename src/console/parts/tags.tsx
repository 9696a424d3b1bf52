import { WARNING_MEANINGS } from "../../domain/warning-meanings.ts";
import type { AnyFaultName } from "../../domain/faults.ts";
import type { Warning } from "../../domain/warnings.ts";
import { effectOf } from "../faults/effects.ts";
import { money } from "../format.ts";
import { Code } from "./values.tsx";

/** The figures of a warning and the name that was probably meant, as sentences. */
function factsOf(warning: Warning, currency: string): string {
  const { param = "", card, reported, captured, ordered, did_you_mean } = warning;
  const show = (each: string | number) => (typeof each === "number" ? money(each, currency) : each);
  if (did_you_mean) return ` Did you mean ${did_you_mean}?`;
  if (captured !== undefined && ordered !== undefined) {
    const what = param.includes("rewards") ? " (rewards)" : "";
    return ` Captured in all${what}: ${show(captured)}. Order total${what}: ${show(ordered)}.`;
  }
  if (card === undefined || reported === undefined) return "";
  return ` On the card: ${show(card)}. In order events: ${show(reported)}.`;
}

/** The meaning and the figures of a warning. */
export const explain = (warning: Warning, currency: string): string =>
  WARNING_MEANINGS[warning.code].replaceAll("`", "") + factsOf(warning, currency);

/** A warning as one line: its figures instead of its meaning, if they say the same. */
export function summaryOf(warning: Warning, currency: string): string {
  const { code, param, captured } = warning;
  if (captured !== undefined) return factsOf(warning, currency);
  const [sentence = ""] = WARNING_MEANINGS[code].replaceAll("`", "").split(/(?<=\.) /);
  const name = /field|parameter/.test(code) && param ? `${param}: ` : "";
  return name + sentence + factsOf(warning, currency);
}

export function WarningTag({ warning, currency }: { warning: Warning; currency: string }) {
  const { code, param } = warning;
  return (
    <span class="tag warning" title={explain(warning, currency)}>
      <Code text={[code, param].filter(Boolean).join(" · ")} />
    </span>
  );
}

export const FaultTag = ({ name }: { name: AnyFaultName }) => (
  <span class="tag fault" title={effectOf(name)}>
    {name}
  </span>
);

export const Replayed = () => (
  <span class="tag" title="The stored response was returned">
    replayed
  </span>
);
