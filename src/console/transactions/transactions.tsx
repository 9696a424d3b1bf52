import { useRef } from "preact/hooks";
import { Link } from "wouter-preact";
import { FINDINGS } from "../../domain/reconciliation.ts";
import { plural } from "../format.ts";
import { hrefOf, type Place } from "../location.ts";
import { Pending } from "../parts/feedback.tsx";
import { SelectFilter } from "../parts/filters.tsx";
import { usePolling } from "../parts/polling.ts";
import { VirtualList } from "../parts/virtual-list.tsx";
import { DISAGREES } from "./disagreement.ts";
import { TransactionDetail } from "./detail.tsx";
import { useLists, type Item } from "./lists.ts";
import { Row } from "./row.tsx";
import { StoryForm } from "./story-form.tsx";

const NEW = "new";

export function Transactions({ place: { id, query } }: { place: Place }) {
  const network = query.get("network") ?? undefined;
  const isDisagreeing = query.get("show") === "disagreements";
  const lists = useLists(isDisagreeing ? (query.get("finding") ?? "") : "");
  usePolling(lists.reload, []);
  const { items, total, problem, loadMore } = isDisagreeing ? lists.disagreeing : lists.all;
  const suggested = useSuggested(lists);
  const opened = id ?? network;
  const open = opened ?? suggested;
  const filters = Object.fromEntries([...query].filter(([name]) => name !== "network"));
  return (
    <div class={`split${opened ? " open" : ""}${suggested === NEW ? " first-use" : ""}`}>
      <section class="list" aria-label="Transactions">
        <div class="bar">
          <h1>Transactions</h1>
          <Link class="button" href={hrefOf("transactions", NEW)}>
            Simulate
          </Link>
        </div>
        <Choices lists={lists} isDisagreeing={isDisagreeing} query={query} />
        <Pending {...{ data: items, problem, reload: lists.reload }} />
        {items?.length === 0 && (
          <p class="quiet">
            {isDisagreeing ? "No disagreements found." : "No card transactions yet."}
          </p>
        )}
        {items && items.length > 0 && (
          <VirtualList
            key={`${isDisagreeing}`}
            label="Transactions, newest first"
            items={items}
            total={total}
            open={items.find((item) => keyOf(item) === open)?.id}
            onEnd={loadMore}
            row={(item) => <Row item={item} isOpen={keyOf(item) === open} query={filters} />}
          />
        )}
        {items && <p class="count quiet">{plural(total, "transaction")}</p>}
      </section>
      <section class="detail" aria-label="Transaction">
        {open === NEW ? (
          <Simulate onSimulated={lists.reload} />
        ) : (
          open && (
            <TransactionDetail
              key={open}
              id={open}
              isNetworkId={open === network || (!id && isUnknown(lists.disagreeing.items, open))}
              query={filters}
            />
          )
        )}
      </section>
    </div>
  );
}

const keyOf = ({ transaction_id, network_transaction_id }: Item): string =>
  transaction_id ?? network_transaction_id;

/** Whether the ID is a `network_transaction_id` that is not on the card. */
const isUnknown = (disagreeing: Item[] | undefined, id: string): boolean =>
  disagreeing?.some((item) => item.network_transaction_id === id && !item.transaction_id) === true;

/** The page to show until one is chosen: the newest disagreement, or else the newest transaction, or the form. */
function useSuggested({ all, disagreeing }: ReturnType<typeof useLists>): string | undefined {
  const suggested = useRef<string | undefined>(undefined);
  const isDecided = suggested.current !== undefined && suggested.current !== NEW;
  if (!isDecided && all.items && disagreeing.items) {
    const listed = all.items.find(({ reconciled }) => reconciled);
    const first = listed ?? disagreeing.items[0] ?? all.items[0];
    suggested.current = first ? keyOf(first) : NEW;
  }
  return suggested.current;
}

interface ChoicesProps {
  lists: ReturnType<typeof useLists>;
  isDisagreeing: boolean;
  query: URLSearchParams;
}

function Choices({ lists, isDisagreeing, query }: ChoicesProps) {
  return (
    <div class="groups">
      <Link
        class="chip more"
        href={hrefOf("transactions")}
        aria-current={isDisagreeing ? undefined : "true"}
      >
        all <b>{lists.all.total}</b>
      </Link>
      <Link
        class="chip"
        href={hrefOf("transactions", undefined, { show: "disagreements" })}
        aria-current={isDisagreeing ? "true" : undefined}
      >
        {DISAGREES} <b>{lists.disagreeing.total}</b>
      </Link>
      {isDisagreeing && (
        <SelectFilter name="finding" label="Finding" query={query} options={[...FINDINGS]} />
      )}
    </div>
  );
}

function Simulate({ onSimulated }: { onSimulated: () => void }) {
  return (
    <article class="scroll">
      <Link class="back button" href={hrefOf("transactions")}>
        All transactions
      </Link>
      <h1 class="title">Simulate a card transaction</h1>
      <p>
        The sandbox simulates the events on the card. Report the same amounts in order events with
        the transaction's <code>network_transaction_id</code>, and both sides agree.
      </p>
      <StoryForm onSimulated={onSimulated} />
    </article>
  );
}
