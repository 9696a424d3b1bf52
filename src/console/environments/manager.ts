import { authorization, type Environment } from "../api.ts";
import { session } from "../session.ts";

export const managerKey = () => session.peek().first ?? session.peek().current?.key;

/** Authenticates with a key of the partner's first environment if one is known, or else with the current key. */
export const asManager = () => ({ headers: { Authorization: authorization(managerKey()) } });

export const titleOf = ({ id, name, expires_at }: Environment): string =>
  name ?? (expires_at ? `environment ${id}` : "First environment");
