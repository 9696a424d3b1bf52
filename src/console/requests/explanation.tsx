import { FAULTS } from "../../domain/faults.ts";
import type { RequestDetails } from "../api.ts";
import { currencyOf, withMoney } from "../format.ts";
import { parse, type Mark, type Marks } from "../parts/json.tsx";
import { Prose } from "../parts/values.tsx";
import { explain } from "../parts/tags.tsx";
import { Figures, useCurrency } from "./figures.tsx";

interface Violation {
  param: string;
  message: string;
}

interface ErrorDetails {
  /** The invalid fields of a 400. */
  violations?: Violation[];
  /** The figures of a 409. */
  details?: Record<string, unknown>;
}

function errorDetailsOf({ response, unaltered_response }: RequestDetails): ErrorDetails {
  const body = parse((unaltered_response ?? response)?.body ?? "")?.value;
  return (body as { error?: ErrorDetails } | null | undefined)?.error ?? {};
}

/** The warnings about a field's name. */
const NAMES = new Set(["unknown_field", "duplicate_field"]);

/** The fields that errors and warnings name, each with the reason. */
export function marksOf(request: RequestDetails): Marks {
  const { error, warnings = [] } = request;
  const errors: Partial<Violation>[] = [error ?? {}, ...(errorDetailsOf(request).violations ?? [])];
  const marks = new Map<string, Mark>();
  for (const warning of warnings) {
    const { code, param = "" } = warning;
    const reason = explain(warning, currencyOf(request));
    marks.set(param, { reason, class: "warning", isName: NAMES.has(code) });
  }
  for (const { param = "", message: reason = "" } of errors) marks.set(param, { reason });
  marks.delete("");
  return marks;
}

export function RefusedBox({ request }: { request: RequestDetails }) {
  const currency = useCurrency(request);
  const { error } = request;
  if (!error) return null;
  const { violations = [], details = {} } = errorDetailsOf(request);
  return (
    <section class="box refused">
      <h2>{error.type}</h2>
      {violations.length > 1 ? (
        <ul>
          {violations.map(({ param, message }) => (
            <li key={param}>
              <code>{param}</code>: {message}
            </li>
          ))}
        </ul>
      ) : (
        <p>{withMoney(error.message, currency)}</p>
      )}
      <Figures figures={details} order_id={request.order_id} currency={currency} />
    </section>
  );
}

export function AppliedFault({ fault }: { fault: NonNullable<RequestDetails["fault"]> }) {
  return (
    <section class="box fault">
      <h2>Injected fault: {fault.fault}</h2>
      <p>
        {fault.id
          ? "A fault of this environment matched the request."
          : "The request's Sandbox-Fault header injected it."}{" "}
        The client received <Prose text={FAULTS[fault.fault].effect} />.
      </p>
    </section>
  );
}

export function Warnings({ request }: { request: RequestDetails }) {
  const { warnings = [] } = request;
  if (warnings.length === 0) return null;
  return (
    <section class="box warning">
      <h2>{warnings.length === 1 ? "Warning" : "Warnings"}</h2>
      <ul>
        {warnings.map((warning) => (
          <li key={warning.code + warning.param}>
            <b>{warning.code}</b> {warning.param && <code>{warning.param}</code>}:{" "}
            {explain(warning, currencyOf(request))}
          </li>
        ))}
      </ul>
    </section>
  );
}
