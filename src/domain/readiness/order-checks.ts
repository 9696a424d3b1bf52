/** Whether every kind of change to an order was tried. */
import type { ObservedRequest, ReadinessFacts } from "./facts.ts";
import { isEventDeletion, isOrderDeletion, isRefund, stepsOf, type Step } from "./order-history.ts";
import {
  counted,
  evidenceOfAll,
  failed,
  nameOf,
  notSeen,
  passed,
  type Verdict,
} from "./verdict.ts";

const requestsOf = (steps: Step[]): ObservedRequest[] => steps.map(({ request }) => request);

/** Passed if a change was accepted at least once, failed if it was only refused. */
function triedVerdict(
  accepted: ObservedRequest[],
  refused: ObservedRequest[],
  { what, seen }: { what: string; seen: (request: ObservedRequest) => string },
): Verdict {
  const [one, ...others] = accepted;
  if (one) return passed(seen(one), evidenceOfAll(one, ...others));
  const [first, ...more] = refused;
  if (!first) return notSeen(`${what} was not tried.`);
  return failed(
    `${what} was tried ${counted(refused.length, "time")} and never accepted: ${nameOf(first)} got ${first.status}, ${first.error?.message ?? "without a reason"}`,
    evidenceOfAll(first, ...more),
  );
}

const isBeyond = ({ request: { warnings } }: Step): boolean =>
  warnings?.some(({ code }) => code === "captured_beyond_total") ?? false;

export function checkSeveralCaptures({ requests }: ReadinessFacts): Verdict {
  const later = stepsOf(requests).filter(
    ({ isAccepted, before, after }) =>
      isAccepted && before.captures > 0 && after.captures > before.captures,
  );
  const [one, ...others] = requestsOf(later.filter((step) => !isBeyond(step)));
  if (one) {
    return passed(
      `${nameOf(one)} is a further capture of the order ${one.order_id}, and the captures stay within its total.`,
      evidenceOfAll(one, ...others),
    );
  }
  const [beyond] = later;
  if (!beyond) return notSeen("No order was captured in several events.");
  const { request, after } = beyond;
  return failed(
    `With ${nameOf(request)}, the captures of the order ${request.order_id} add up to ${after.captured}, more than its total: a shipment may have been reported twice.`,
    evidenceOfAll(request),
  );
}

/** The refund is invalid, or its order is unknown. A 409 isn't wrong: it refuses a refund above the captured amount. */
const isWrong = ({ status }: ObservedRequest): boolean => status === 400 || status === 404;

export function checkPartialRefund({ requests }: ReadinessFacts): Verdict {
  const refunds = stepsOf(requests).filter(
    ({ request, before }) =>
      isRefund(request) && (request.content?.amount ?? 0) < before.captured - before.refunded,
  );
  return triedVerdict(...acceptedAndWrong(refunds), {
    what: "A partial refund",
    seen: (one) =>
      `${nameOf(one)} refunds ${one.content?.amount} of the order ${one.order_id}, less than was captured.`,
  });
}

export function checkFullRefund({ requests }: ReadinessFacts): Verdict {
  const refunds = stepsOf(requests).filter(
    ({ request, before }) =>
      isRefund(request) &&
      before.captured > 0 &&
      request.content?.amount === before.captured - before.refunded,
  );
  return triedVerdict(...acceptedAndWrong(refunds), {
    what: "A full refund",
    seen: (one) => `With ${nameOf(one)}, the order ${one.order_id} is refunded in full.`,
  });
}

function acceptedAndWrong(
  steps: Step[],
): [accepted: ObservedRequest[], refused: ObservedRequest[]] {
  return [
    requestsOf(steps.filter(({ isAccepted }) => isAccepted)),
    requestsOf(steps).filter(isWrong),
  ];
}

export function checkLineRefund({ requests }: ReadinessFacts): Verdict {
  const refunds = requestsOf(
    stepsOf(requests).filter(({ request, isAccepted }) => isAccepted && isRefund(request)),
  );
  const [one, ...others] = refunds.filter(
    ({ trace }) => trace.has_lines && (trace.rewards_amount ?? 0) > 0,
  );
  if (one) {
    return passed(
      `${nameOf(one)} refunds a line with ${one.trace.rewards_amount} rewards.`,
      evidenceOfAll(one, ...others),
    );
  }
  const [without, ...more] = refunds.filter(({ warnings }) =>
    warnings?.some(({ code }) => code === "refund_without_rewards"),
  );
  if (!without) return notSeen("No line was refunded with its rewards.");
  return failed(
    `${counted(more.length + 1, "refund")} returned no rewards although captured rewards remain, first ${nameOf(without)}. No refund with order_lines returned rewards.`,
    evidenceOfAll(without, ...more),
  );
}

export function checkChangedOrder({ requests }: ReadinessFacts): Verdict {
  const changes = stepsOf(requests).filter(
    ({ request }) => request.method === "PUT" || isEventDeletion(request),
  );
  const refused = requestsOf(changes).filter(({ status, fault }) => status! >= 400 && !fault);
  return triedVerdict(requestsOf(changes.filter(({ isAccepted }) => isAccepted)), refused, {
    what: "A change of an order",
    seen: (one) => `${nameOf(one)} changed the order ${one.order_id} after its creation.`,
  });
}

export function checkCancelledOrder({ requests }: ReadinessFacts): Verdict {
  const steps = stepsOf(requests);
  const deletions = steps.filter(({ request }) => isOrderDeletion(request));
  const refused = deletions.filter(({ request }) => request.status === 409);
  const refusedOrders = new Set(refused.map(({ request }) => request.order_id));
  const refundedInFull = steps.filter(
    ({ request, isAccepted, after }) =>
      isAccepted &&
      refusedOrders.has(request.order_id) &&
      isRefund(request) &&
      after.refunded === after.captured,
  );
  const cancelled = [...deletions.filter(({ isAccepted }) => isAccepted), ...refundedInFull];
  return triedVerdict(requestsOf(cancelled), requestsOf(refused), {
    what: "A cancellation",
    seen: (one) => `${nameOf(one)} cancelled the order ${one.order_id}.`,
  });
}
