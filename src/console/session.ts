import { signal } from "@preact/signals";

/** A key that this tab knows, and its environment once that is known. */
export interface KnownKey {
  key: string;
  environment_id?: number;
  name?: string;
}

interface Session {
  current?: KnownKey;
  /** A key of the partner's first environment: only such keys create and delete environments. */
  first?: string;
  known: KnownKey[];
  /** The reason why the console needs another key. */
  refusal?: string;
}

const ITEM = "orders-sandbox";

/** The key that a local sandbox starts with; empty elsewhere. */
const localKey = document.querySelector<HTMLMetaElement>('meta[name="local-key"]')?.content ?? "";

/** The seeded keys of a local sandbox. */
export const LOCAL_KEYS = localKey
  ? [
      { key: "test_sandbox_a", name: "Local partner A" },
      { key: "test_sandbox_b", name: "Local partner B" },
    ]
  : [];

export const session = signal(readStored());

function readStored(): Session {
  const item = sessionStorage.getItem(ITEM);
  if (item) return JSON.parse(item) as Session;
  return localKey ? { current: { key: localKey }, known: [] } : { known: [] };
}

/** The browser deletes session storage, and with it the keys, when the tab closes. */
function store(next: Session): void {
  sessionStorage.setItem(ITEM, JSON.stringify(next));
  session.value = next;
}

export function updateSession(changes: Partial<Session>): void {
  store({ ...session.value, ...changes });
}

export function switchKey(to: KnownKey): void {
  const { refusal: _, known, ...rest } = session.value;
  const others = known.filter(({ key }) => key !== to.key);
  store({ ...rest, current: to, known: [...others, to] });
}

/** Forgets a key. If it is the current one, the console asks for another and shows the reason. */
export function dropKey(key: string, reason: string): void {
  const { current, first, known } = session.value;
  const isCurrent = current?.key === key;
  store({
    known: known.filter((each) => each.key !== key),
    ...(first !== undefined && first !== key && { first }),
    ...(current && !isCurrent ? { current } : { refusal: reason }),
  });
}
