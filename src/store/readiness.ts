import { sql, type SQL } from "drizzle-orm";
import type { Assumptions } from "../domain/assumptions.ts";
import type { CardFacts } from "../domain/readiness/facts.ts";
import type { StoredVerdicts } from "../domain/readiness/stored-verdicts.ts";
import { MAX_EVIDENCE } from "../domain/readiness/verdict.ts";
import { FINDINGS } from "../domain/reconciliation.ts";
import { ofAnyPartner, ofPartner } from "./close-environments.ts";
import { DatasetStatement, placeholder, Statement, type Database } from "./database.ts";
import type { Dataset } from "./dataset.ts";
import { toAssumptions } from "./environments.ts";

/** The maximum number of an environment's transactions that each of these queries reads. */
const MAX_COMPARED = 1_000;

/** An environment with the facts from D1 for its readiness checks. */
export interface ReadinessSource {
  partner_id: number;
  environment_id: number;
  dataset_id: number;
  name: string | null;
  assume: Assumptions;
  card: CardFacts;
}

interface Row extends Omit<ReadinessSource, "assume" | "card"> {
  assume: string | null;
  transactions: number;
  agreeing: number;
  agreeing_ids: string;
  without_card: number;
  without_card_ids: string;
  disagreeing: number;
  disagreements: string;
}

const most = sql.raw(String(MAX_EVIDENCE));
/** The compared transactions that match a condition. */
const compared = (condition: SQL) => sql`
  from (
    select * from reconciliations
    where dataset_id = environments.dataset_id limit ${sql.raw(String(MAX_COMPARED))})
  where ${condition}`;
const countAs = (rows: SQL, name: string) => sql`(select count(*) ${rows}) as ${sql.raw(name)}`;
const idsAs = (rows: SQL, name: string) => sql`
  (select json_group_array(network_transaction_id) from (
    select network_transaction_id ${rows} limit ${most})) as ${sql.raw(name)}`;

const agreeing = compared(sql`
  findings = 0 and event_captured + event_refunded > 0
  and event_captured = card_captured and event_refunded = card_refunded`);
const withoutCard = compared(sql`
  event_captured > 0 and card_captured = 0 or event_refunded > 0 and card_refunded = 0`);
// A row without a transaction has only the finding `unknown_transaction`, whose bit is 1. `<> 0` selects the index.
const disagreeing = sql`
  from (
    select * from reconciliations
    where dataset_id = environments.dataset_id and findings <> 0 and findings > 1
    limit ${sql.raw(String(MAX_COMPARED))}) r`;

/** The environments that match, with their card transactions compared. Reads a bounded number of rows of each. */
const selectWhere = (condition: SQL) => sql<Row>`
  select environments.partner_id, environments.id as environment_id, dataset_id, name, assume,
    transaction_count as transactions,
    ${countAs(agreeing, "agreeing")}, ${idsAs(agreeing, "agreeing_ids")},
    ${countAs(withoutCard, "without_card")}, ${idsAs(withoutCard, "without_card_ids")},
    ${countAs(disagreeing, "disagreeing")},
    (select json_group_array(json_object(
        'network_transaction_id', network_transaction_id, 'findings', findings, 'order_event_id', (
          select order_event_id from order_events e indexed by order_events_network_transaction_id
          where e.dataset_id = id and e.network_transaction_id = found.network_transaction_id
          limit 1)))
      from (
        select r.dataset_id as id, r.network_transaction_id, r.findings ${disagreeing} limit ${most}) as found
    ) as disagreements
  from environments join datasets on datasets.id = dataset_id where ${condition}`;

function toSource(row: Row): ReadinessSource {
  const { partner_id, environment_id, dataset_id, name, assume, ...card } = row;
  return {
    partner_id,
    environment_id,
    dataset_id,
    name,
    assume: toAssumptions(assume),
    card: {
      transactions: card.transactions,
      agreeing: card.agreeing,
      agreeing_ids: JSON.parse(card.agreeing_ids) as string[],
      without_card: card.without_card,
      without_card_ids: JSON.parse(card.without_card_ids) as string[],
      disagreeing: card.disagreeing,
      disagreements: (JSON.parse(card.disagreements) as Disagreement[]).map(toDisagreement),
    },
  };
}

interface Disagreement {
  network_transaction_id: string;
  /** Bits, in the order of FINDINGS. */
  findings: number;
  order_event_id: string | null;
}

function toDisagreement({ network_transaction_id, findings, order_event_id }: Disagreement) {
  return {
    network_transaction_id,
    findings: FINDINGS.filter((_, index) => (findings & (2 ** index)) !== 0),
    order_event_ids: order_event_id === null ? [] : [order_event_id],
  };
}

const selectCurrent = DatasetStatement.of(
  selectWhere(sql`
    environments.id = ${placeholder("environment_id")} and dataset_id = ${placeholder("dataset_id")}`),
);

/** The environment of a dataset. One round trip. */
export async function findReadinessSource(dataset: Dataset): Promise<ReadinessSource> {
  const [[row]] = await dataset.run(selectCurrent.bind(dataset));
  return toSource(row!);
}

const isOpen = sql`environments.dataset_id is not null`;

const selectLive = Statement.of(
  selectWhere(sql`
    ${ofPartner} and ${isOpen} and (expires_at is null or expires_at > ${placeholder("now")})
    order by environments.id desc limit ${placeholder("limit")}`),
);
const findStored = Statement.of(
  sql<{ verdicts: string }>`
    select verdicts from readiness_verdicts where partner_id = ${placeholder("partner_id")}`,
);

/** A partner's newest environments, and the stored verdicts on closed ones. One round trip. */
export async function findReadinessOfPartner(
  db: Database,
  partner_id: number,
  { now, limit }: { now: string; limit: number },
): Promise<{ live: ReadinessSource[]; stored: StoredVerdicts }> {
  const [live, [stored]] = await db.run(
    selectLive.bind({ partner_id, now, limit }),
    findStored.bind({ partner_id }),
  );
  const verdicts = JSON.parse(stored?.verdicts ?? "{}") as StoredVerdicts;
  return { live: live.map(toSource), stored: verdicts };
}

const selectOne = Statement.of(
  selectWhere(sql`${ofPartner} and ${isOpen} and environments.id = ${placeholder("id")}`),
);

/** One of a partner's environments. One round trip. */
export async function findReadinessOfEnvironment(
  db: Database,
  partner_id: number,
  id: number,
): Promise<ReadinessSource | undefined> {
  const [[row]] = await db.run(selectOne.bind({ partner_id, id }));
  return row && toSource(row);
}

const selectExpired = Statement.of(
  selectWhere(sql`
    ${isOpen} and expires_at <= ${placeholder("now")} and ${ofAnyPartner} and exists (
      select 1 from api_keys where environment_id = environments.id and last_used_at is not null)
    order by environments.id limit ${placeholder("limit")}`),
);

/**
 * Expired environments that were used and are not closed, oldest first; of all partners if `partner_id` is null. One
 * round trip.
 */
export async function findExpired(
  db: Database,
  expired: { now: string; partner_id: number | null; limit: number },
): Promise<ReadinessSource[]> {
  const [rows] = await db.run(selectExpired.bind(expired));
  return rows.map(toSource);
}

// `json_patch` merges objects. It still replaces a verdict, because a new one has every field of the old one.
const merge = Statement.of(
  sql<never>`
    insert into readiness_verdicts (partner_id, verdicts)
    values (${placeholder("partner_id")}, ${placeholder("verdicts")})
    on conflict (partner_id) do update set verdicts = json_patch(verdicts, excluded.verdicts)`,
);

/** Merges verdicts into those of a partner. One round trip, one row. */
export async function storeVerdicts(
  db: Database,
  partner_id: number,
  verdicts: StoredVerdicts,
): Promise<void> {
  await db.run(merge.bind({ partner_id, verdicts: JSON.stringify(verdicts) }));
}
