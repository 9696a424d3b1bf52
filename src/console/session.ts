import { Store } from "./store.ts";

/** An environment that this tab has a key of. */
export interface KnownKey {
  environment_id?: number;
  name?: string;
  key: string;
}

/** What the tab knows of keys. Nothing of it outlives the tab. */
export interface Session {
  current?: KnownKey;
  /** The key of the partner's first environment, which alone makes and deletes others. */
  first?: string;
  known: KnownKey[];
  /** Why there is no key any more. */
  refusal?: string;
}

const ITEM = "orders-sandbox";

/** The key that the local program fills in; elsewhere there is none. */
export const localKey =
  document.querySelector<HTMLMetaElement>('meta[name="local-key"]')?.content ?? "";

export const session = new Store<Session>(stored());

function stored(): Session {
  const item = sessionStorage.getItem(ITEM);
  if (item) return JSON.parse(item) as Session;
  return localKey ? { current: { key: localKey }, known: [] } : { known: [] };
}

export function keep(changed: Partial<Session>): void {
  const next = { ...session.value, ...changed };
  sessionStorage.setItem(ITEM, JSON.stringify(next));
  session.value = next;
}

/** Works with this key from now on. */
export function useKey(known: KnownKey): void {
  const others = session.value.known.filter(({ key }) => key !== known.key);
  const next: Session = { ...session.value, current: known, known: [...others, known] };
  delete next.refusal;
  sessionStorage.setItem(ITEM, JSON.stringify(next));
  session.value = next;
}

/** The key that was sent is not taken any more: another is asked for, on the same page. */
export function refuseKey(key: string, refusal: string): void {
  const { current, known, first } = session.value;
  const left = known.filter((each) => each.key !== key);
  const next: Session = { known: left };
  if (first !== undefined && first !== key) next.first = first;
  if (current && current.key !== key) next.current = current;
  else next.refusal = refusal;
  sessionStorage.setItem(ITEM, JSON.stringify(next));
  session.value = next;
}
