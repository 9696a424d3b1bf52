import { WARNING_MEANINGS } from "../../domain/warning-meanings.ts";
import type { Warning } from "../../domain/warnings.ts";
import type { ReconciledTransaction, RecordedRequest } from "../api.ts";
import { plural, withMoney, withoutBrackets } from "../format.ts";
import { hrefOf } from "../location.ts";
import { disagreementOf, hrefOfTransaction } from "../transactions/disagreement.ts";
import { kindName, type Kind } from "./kinds.ts";
import { describeRetry, isSecondExecution, type Retries } from "./retries.ts";

/** One mistake of the integration, however many requests and warnings report it. */
export interface Finding {
  key: string;
  isWarning: boolean;
  /** The order, transaction or path, or the number of requests. */
  subject: string;
  /** The amount of the request. */
  amount?: number | undefined;
  currency: string;
  text: string;
  href: string;
  /** The newest request with this mistake. */
  request?: RecordedRequest;
}

export interface FindingSources {
  /** Rejected requests, newest first. */
  rejected: readonly RecordedRequest[];
  disagreements: readonly ReconciledTransaction[];
  /** The loaded requests, newest first. */
  requests: readonly RecordedRequest[];
  retries: Retries;
  /** The kinds of all errors and warnings, including those of requests that are not loaded. */
  kinds: readonly Kind[];
}

/** All findings, the worst first: rejected, executed twice, disagreeing with the card, warned. */
export function findingsOf(sources: FindingSources): Finding[] {
  return [
    ...rejections(sources),
    ...secondExecutions(sources),
    ...disagreements(sources),
    ...warnings(sources),
  ];
}

type Description = Pick<Finding, "key" | "isWarning" | "text"> & { subject?: string };

const ofRequest = (request: RecordedRequest, description: Description): Finding => ({
  subject: subjectOf(request),
  amount: request.content?.amount,
  currency: currencyOf(request),
  href: hrefOf("requests", request.id),
  request,
  ...description,
});

const currencyOf = ({ content }: RecordedRequest): string => content?.currency ?? "USD";

const subjectOf = (request: RecordedRequest): string =>
  request.order_id ??
  request.network_transaction_id ??
  request.partner_order_id ??
  `${request.method} ${request.path}`;

function rejections({ rejected }: FindingSources): Finding[] {
  const byKey = groupBy(
    // An injected fault is no mistake of the integration.
    rejected.filter(({ error, fault }) => error && !fault),
    (each) => `${subjectOf(each)} ${kindName(each.error!.type, each.error!.param)}`,
  );
  return [...byKey].map(([key, [request, ...others]]) => {
    const { message, param = "" } = request.error!;
    const amounts = param.endsWith("amount") ? (message.match(/\d+/g) ?? []).map(Number) : [];
    const short = amounts.length > 0 ? withoutBrackets(message) : message;
    const sentence = withMoney(short, amounts, currencyOf(request));
    const times = others.length > 0 ? ` ${others.length + 1} times.` : "";
    return ofRequest(request, { key, isWarning: false, text: `Rejected: ${sentence}${times}` });
  });
}

/** The retries that executed a request twice. */
const twice = ({ requests, retries }: FindingSources): RecordedRequest[] =>
  requests.filter((each) => {
    const first = retries.get(each.id);
    return first && isSecondExecution(each, first);
  });

const secondExecutions = (sources: FindingSources): Finding[] =>
  twice(sources).map((request) =>
    ofRequest(request, {
      // Each execution created its own order; both have the same `partner_order_id`.
      subject: request.partner_order_id ?? subjectOf(request),
      key: `twice ${request.id}`,
      isWarning: false,
      text: `Executed twice: ${describeRetry(sources.retries.get(request.id)!)}.`,
    }),
  );

function disagreements({ disagreements: all, requests }: FindingSources): Finding[] {
  return all.map((reconciled) => {
    const { network_transaction_id } = reconciled;
    const named = requests.filter(
      (each) => each.network_transaction_id === network_transaction_id && each.order_id,
    );
    const request = named.find((each) => each.warnings) ?? named[0];
    const currency = reconciled.card?.currency ?? request?.content?.currency ?? "USD";
    return {
      key: `card ${network_transaction_id}`,
      isWarning: false,
      subject: [request?.order_id, network_transaction_id].filter(Boolean).join(" · "),
      currency,
      text: disagreementOf(reconciled, currency),
      href: hrefOfTransaction(reconciled),
      ...(request && { request }),
    };
  });
}

/** The warnings about an order's money, which are grouped by order instead of by kind. */
const ABOUT_MONEY: ReadonlySet<Warning["code"]> = new Set([
  "captured_beyond_total",
  "amount_beyond_transaction",
  "refunded_beyond_captured",
  "captured_beyond_authorization",
  "unknown_transaction",
  "currency_differs",
  "payment_method_differs",
]);

interface Warned {
  request: RecordedRequest;
  warning: Warning;
}

function warnings(sources: FindingSources): Finding[] {
  const { requests, retries, kinds, disagreements: all } = sources;
  const disagreeing = new Set(all.map((each) => each.network_transaction_id));
  const repeated = new Set(twice(sources).flatMap(({ id }) => [id, retries.get(id)!.id]));
  const warned = requests.flatMap((request) =>
    (request.warnings ?? []).map((warning): Warned => ({ request, warning })),
  );
  const separate = warned.filter(({ request, warning: { code } }) =>
    ABOUT_MONEY.has(code)
      ? !disagreeing.has(request.network_transaction_id ?? "")
      : code !== "not_repeatable" || !repeated.has(request.id),
  );
  const byKey = groupBy(separate, ({ request, warning: { code, param } }) =>
    ABOUT_MONEY.has(code) ? `money ${subjectOf(request)}` : kindName(code, param),
  );
  const loaded = new Set(warned.map(({ warning: { code, param } }) => kindName(code, param)));
  return [
    ...[...byKey].map(([key, group]) => warningOf(key, group)),
    ...kinds.filter(({ name, isWarning }) => isWarning && !loaded.has(name)).map(ofKind),
  ].toSorted((a, b) => Number(b.key.startsWith("money")) - Number(a.key.startsWith("money")));
}

function warningOf(key: string, [{ request, warning }, ...others]: Group<Warned>): Finding {
  const more = new Set(others.map((each) => subjectOf(each.request)));
  more.delete(subjectOf(request));
  return ofRequest(request, {
    key,
    isWarning: true,
    ...(more.size > 0 && { subject: `${subjectOf(request)} and ${more.size} more` }),
    text: sentenceOf(warning),
  });
}

function sentenceOf({ code, param, did_you_mean }: Warning): string {
  const [sentence = ""] = WARNING_MEANINGS[code].replaceAll("`", "").split(/(?<=\.) /);
  const hint = did_you_mean ? ` Did you mean ${did_you_mean}?` : "";
  return code.startsWith("unknown_") && param ? `${param}: ${sentence}${hint}` : sentence;
}

/** A warning whose requests are not loaded. Its link loads them. */
const ofKind = ({ name, count }: Kind): Finding => ({
  key: name,
  isWarning: true,
  subject: plural(count, "request"),
  currency: "USD",
  text: name,
  href: hrefOf("requests", undefined, { kind: name }),
});

type Group<T> = [T, ...T[]];

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, Group<T>> {
  const groups = new Map<string, Group<T>>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
