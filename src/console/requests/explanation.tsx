import { WARNING_MEANINGS } from "../../domain/warning-meanings.ts";
import type { RequestDetails } from "../api.ts";
import { withMoney, withoutBrackets } from "../format.ts";
import { parse, type Mark, type Marks } from "../parts/json.tsx";
import { Money, Prose } from "../parts/values.tsx";
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
  for (const { code, param = "" } of warnings) {
    marks.set(param, { reason: WARNING_MEANINGS[code], class: "warning", isName: NAMES.has(code) });
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
  const amounts = Object.values(details).filter((value) => typeof value === "number");
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
        <p>
          {withMoney(
            amounts.length > 0 ? withoutBrackets(error.message) : error.message,
            amounts,
            currency,
          )}
        </p>
      )}
      <Figures figures={details} order_id={request.order_id} currency={currency} />
    </section>
  );
}

interface AppliedFaultProps {
  request: RequestDetails;
  fault: NonNullable<RequestDetails["fault"]>;
}

export function AppliedFault({ request, fault }: AppliedFaultProps) {
  const { status, unaltered_response } = request;
  return (
    <section class="box fault">
      <h2>Injected fault: {fault.fault}</h2>
      <p>
        {fault.id
          ? "A fault of this environment matched the request."
          : "The request's Sandbox-Fault header injected it."}{" "}
        {status === null && "The client received no response. "}
        {unaltered_response &&
          `Without the fault, the client would have received the response below, with status ${unaltered_response.status}.`}
      </p>
    </section>
  );
}

export function Warnings({ request }: { request: RequestDetails }) {
  const { warnings = [], content } = request;
  const currency = content?.currency ?? "USD";
  if (warnings.length === 0) return null;
  return (
    <section class="box warning">
      <h2>{warnings.length === 1 ? "Warning" : "Warnings"}</h2>
      <ul>
        {warnings.map(({ code, param, did_you_mean, card, reported }) => (
          <li key={code + param}>
            <b>{code}</b>
            {param && (
              <>
                {" "}
                <code>{param}</code>
              </>
            )}
            : <Prose text={WARNING_MEANINGS[code]} />
            {did_you_mean && (
              <>
                {" "}
                Did you mean <code>{did_you_mean}</code>?
              </>
            )}
            {card !== undefined && reported !== undefined && (
              <>
                {" "}
                On the card: <Figure value={card} currency={currency} />. In order events:{" "}
                <Figure value={reported} currency={currency} />.
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Figure({ value, currency }: { value: string | number; currency: string }) {
  return typeof value === "number" ? (
    <Money amount={value} currency={currency} />
  ) : (
    <code>{value}</code>
  );
}
