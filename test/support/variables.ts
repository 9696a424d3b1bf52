import { env } from "cloudflare:workers";
import { onTestFinished } from "vitest";

/** Sets variables or bindings of the Worker until the test ends. */
export function setVariables(variables: Record<string, unknown>): void {
  const before = Object.fromEntries(
    Object.keys(variables).map((name) => [name, (env as unknown as Record<string, unknown>)[name]]),
  );
  Object.assign(env, variables);
  onTestFinished(() => void Object.assign(env, before));
}
