import { WARNING_MEANINGS } from "../../domain/warning-meanings.ts";
import type { RequestDetails } from "../api.ts";
import { parse, type Marks } from "../parts/json.tsx";
import { Prose } from "../parts/values.tsx";
import { Figures } from "./figures.tsx";

type WarningList = NonNullable<RequestDetails["warnings"]>;

interface Violation {
  param: string;
  message: string;
}

/** The violations and the figures in an error response. */
function errorDetailsOf({ response, unaltered_response }: RequestDetails) {
  const body = parse((unaltered_response ?? response)?.body ?? "")?.value as
    | { error?: { violations?: Violation[]; details?: Record<string, unknown> } }
    | null
    | undefined;
  const { violations = [], details: figures } = body?.error ?? {};
  return { violations, figures };
}

/** The fields that errors and warnings name, each with the reason. */
export function marksOf(request: RequestDetails): Marks {
  const { error, warnings = [] } = request;
  return new Map(
    [
      error ?? {},
      ...errorDetailsOf(request).violations,
      ...warnings.map(({ code, param }) => ({ param, message: WARNING_MEANINGS[code] })),
    ].flatMap(({ param, message = "" }: Partial<Violation>) => (param ? [[param, message]] : [])),
  );
}

export function RefusedBox({ request }: { request: RequestDetails }) {
  const { error } = request;
  if (!error) return null;
  const { violations, figures } = errorDetailsOf(request);
  return (
    <section class="box refused">
      <h2>{error.type}</h2>
      <p>{error.message}</p>
      {figures && <Figures figures={figures} request={request} />}
      {violations.length > 1 && (
        <ul>
          {violations.map(({ param, message }) => (
            <li key={param}>
              <code>{param}</code>: {message}
            </li>
          ))}
        </ul>
      )}
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
          `Without the fault, the client would have received the ${unaltered_response.status} below, which says what took effect.`}
      </p>
    </section>
  );
}

export function Warnings({ warnings }: { warnings: WarningList }) {
  if (warnings.length === 0) return null;
  return (
    <section class="box warning">
      <h2>{warnings.length === 1 ? "Warning" : "Warnings"}</h2>
      <ul>
        {warnings.map(({ code, param, did_you_mean }) => (
          <li key={code + param}>
            <b>{code}</b> {param && <code>{param}</code>}: <Prose text={WARNING_MEANINGS[code]} />
            {did_you_mean && (
              <>
                {" "}
                Did you mean <code>{did_you_mean}</code>?
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
