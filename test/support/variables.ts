import { env } from "cloudflare:workers";
import { onTestFinished } from "vitest";

/** Sets variables of the Worker, or other bindings, for the rest of a test. */
export function setVariables(variables: Record<string, unknown>): void {
  const before = Object.fromEntries(
    Object.keys(variables).map((name) => [name, (env as unknown as Record<string, unknown>)[name]]),
  );
  Object.assign(env, variables);
  onTestFinished(() => void Object.assign(env, before));
}
