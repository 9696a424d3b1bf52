import { useEffect, useState } from "preact/hooks";
import type { RecordedRequest } from "../api.ts";
import { FIRST_ID, followStream } from "../stream.ts";

/** Counts possible changes: of any order (`total`), by card events (`onCard`), and of each order by its ID (`of`). */
export interface Revisions {
  total: number;
  onCard: number;
  of: ReadonlyMap<string, number>;
}

/** An event on the card names no order, so it may change any of them. */
export const revisionOf = ({ of, onCard }: Revisions, id: string): number =>
  onCard + (of.get(id) ?? 0);

/** The orders that requests have changed. */
interface Changes {
  ids: Set<string>;
  isOnCard: boolean;
}

const noChanges = (): Changes => ({ ids: new Set(), isOnCard: false });

/** Counts the changes since the screen was opened. */
export function useRevisions(): Revisions {
  const [revisions, setRevisions] = useState<Revisions>({ total: 0, onCard: 0, of: new Map() });
  useEffect(() => followWrites((changes) => setRevisions((before) => add(before, changes))), []);
  return revisions;
}

function add({ total, onCard, of }: Revisions, { ids, isOnCard }: Changes): Revisions {
  const changed = [...ids].map((id) => [id, (of.get(id) ?? 0) + 1] as const);
  return {
    total: total + 1,
    onCard: onCard + Number(isOnCard),
    of: new Map([...of, ...changed]),
  };
}

/** Collects changes for this time before it reloads the orders. */
const GATHER_MILLISECONDS = 200;
/** A request that was sent before this page loaded may still be recorded later. */
const LATE_MILLISECONDS = 10_000;

/** Reports the orders that requests may have changed. */
function followWrites(onChange: (changes: Changes) => void): () => void {
  const since = new Date(Date.now() - LATE_MILLISECONDS).toISOString();
  let last: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let changes = noChanges();
  const report = () => {
    timer = undefined;
    onChange(changes);
    changes = noChanges();
  };
  const stop = followStream<RecordedRequest>({
    path: "/sandbox/requests/stream",
    query: new URLSearchParams({ since }),
    lastId: () => last ?? FIRST_ID,
    onItem: ({ id, method, order_id, content }) => {
      last = id;
      if (method === "GET") return;
      if (order_id !== undefined) changes.ids.add(order_id);
      if (content?.card_status) changes.isOnCard = true;
      timer ??= setTimeout(report, GATHER_MILLISECONDS);
    },
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}
