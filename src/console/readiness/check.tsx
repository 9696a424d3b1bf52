import { Link } from "wouter-preact";
import { STATUS_LABELS } from "../../domain/readiness/markdown.ts";
import type { ReadinessCheck, ReadinessEvidence } from "../api.ts";
import { withMoney } from "../format.ts";
import { hrefOf } from "../location.ts";
import { CodeLines } from "../parts/as-code.tsx";
import { Prose } from "../parts/values.tsx";
import { session } from "../session.ts";

const TAGS: Record<ReadinessCheck["status"], string> = {
  passed: "good",
  failed: "refused",
  not_seen: "",
};

export function Check({ check }: { check: ReadinessCheck }) {
  const { id, title, status, reason, evidence, how_to_prove } = check;
  return (
    <li id={id}>
      <span class={`tag ${TAGS[status]}`}>{STATUS_LABELS[status]}</span>
      <div>
        <b>{title}</b>
        <p class="quiet">{withMoney(reason, "USD")}</p>
        {evidence.length > 0 && (
          <p>
            {evidence.map((each, index) => (
              <span key={index}>
                {index > 0 && " · "}
                <EvidenceLink evidence={each} />
              </span>
            ))}
          </p>
        )}
        <details class="code">
          <summary>How to prove it</summary>
          <p>
            <Prose text={how_to_prove.step} />
          </p>
          <CodeLines
            lines={[
              ["curl", how_to_prove.curl],
              ["library", how_to_prove.library],
            ]}
          />
        </details>
      </div>
    </li>
  );
}

function EvidenceLink({ evidence }: { evidence: ReadinessEvidence }) {
  const { environment_id } = evidence;
  const [name, href] = targetOf(evidence);
  const isElsewhere =
    environment_id !== undefined && environment_id !== session.value.current?.environment_id;
  if (isElsewhere || href === undefined) {
    const environment = (isElsewhere || !name) && `environment ${environment_id}`;
    return <>{[name, environment].filter(Boolean).join(" in ")}</>;
  }
  return <Link href={href}>{name}</Link>;
}

function targetOf(evidence: ReadinessEvidence): [name: string, href?: string] {
  const { id, request_id, order_id, order_event_id } = evidence;
  const { network_transaction_id, notification_id } = evidence;
  if (id !== undefined) {
    return [
      `request for ${order_event_id ?? order_id ?? request_id ?? id}`,
      hrefOf("requests", id),
    ];
  }
  if (notification_id !== undefined) {
    return [`notification ${notification_id}`, hrefOf("notifications", notification_id)];
  }
  if (order_id !== undefined) return [`order ${order_id}`, hrefOf("orders", order_id)];
  if (network_transaction_id !== undefined) {
    const query = { show: "disagreements", network: network_transaction_id };
    return [`transaction ${network_transaction_id}`, hrefOf("transactions", undefined, query)];
  }
  return [request_id ?? order_event_id ?? ""];
}
