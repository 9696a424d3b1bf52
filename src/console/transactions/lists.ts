import { useMemo } from "preact/hooks";
import type { Finding } from "../../domain/reconciliation.ts";
import { api, unwrap, type ReconciledTransaction, type Transaction } from "../api.ts";
import { usePages } from "../parts/pages.ts";

const PAGE = 100;

/** A card transaction, or a network_transaction_id that only order events name. */
export interface Item {
  /** The cursor that pages the list. */
  id: string;
  network_transaction_id: string;
  transaction_id?: string | undefined;
  transaction?: Transaction;
  /** Both sides, if they disagree. */
  reconciled?: ReconciledTransaction | undefined;
}

const ofTransaction = (transaction: Transaction): Item => ({
  id: transaction.id,
  transaction_id: transaction.id,
  network_transaction_id: transaction.network_transaction_id,
  transaction,
});

const ofDisagreement = (reconciled: ReconciledTransaction): Item => ({
  id: reconciled.network_transaction_id,
  transaction_id: reconciled.transaction_id,
  network_transaction_id: reconciled.network_transaction_id,
  reconciled,
});

async function loadTransactions(starting_after?: string) {
  const query = { limit: PAGE, ...(starting_after !== undefined && { starting_after }) };
  const { data, total } = await unwrap(api.GET("/sandbox/transactions", { params: { query } }));
  return { data: data.map(ofTransaction), total };
}

async function loadDisagreements(finding: string, starting_after?: string) {
  const query = {
    limit: PAGE,
    ...(finding && { finding: finding as Finding }),
    ...(starting_after !== undefined && { starting_after }),
  };
  const { data, total } = await unwrap(api.GET("/sandbox/reconciliation", { params: { query } }));
  return { data: data.map(ofDisagreement), total };
}

/** Loads all transactions, and those that disagree. An empty `finding` includes every finding. */
export function useLists(finding: string) {
  const all = usePages(loadTransactions, []);
  const disagreeing = usePages((after) => loadDisagreements(finding, after), [finding]);
  const items = useMemo(() => {
    const known = new Map(disagreeing.items?.map((each) => [each.transaction_id, each.reconciled]));
    return all.items?.map((item) => ({ ...item, reconciled: known.get(item.transaction_id) }));
  }, [all.items, disagreeing.items]);
  const reload = () => {
    all.reload();
    disagreeing.reload();
  };
  return { all: { ...all, items }, disagreeing, reload };
}
