/** The Worker's variables and secrets, validated. Every room may import this. */
import * as z from "zod";
import type { Usage } from "./domain/quotas.ts";

/** The Worker's text bindings: the variables of wrangler.toml, and its secrets. */
type Variable =
  | keyof {
      [Name in keyof Cloudflare.Env as Cloudflare.Env[Name] extends string ? Name : never]: true;
    }
  | "ADMIN_TOKEN"
  | "KEY_SECRET";

/** The shortest allowed ADMIN_TOKEN. A shorter one could be guessed. */
const MIN_TOKEN_CHARACTERS = 32;

const LOCATIONS = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"] as const;

const onOrOff = z
  .enum(["on", "off"], { error: `Expected "on" or "off"` })
  .transform((text) => text === "on");

const publicOrAny = z
  .enum(["public", "any"], { error: `Expected "public" or "any"` })
  .transform((text) => text === "any");

const quota = z
  .string()
  .regex(/^\d{0,15}$/, { error: "Expected a whole number, or nothing for no quota" })
  .transform((text) => (text === "" ? Number.MAX_SAFE_INTEGER : Number(text)));

/** The Worker's variables. Leaving one out does not compile. */
const variables = z.object({
  LEDGER_LOCATION_HINT: z.enum(["", ...LOCATIONS], {
    error: `Expected a region (${LOCATIONS.join(", ")}), or nothing`,
  }),
  RATE_LIMITS: onOrOff,
  WEBHOOK_ADDRESSES: publicOrAny,
  UNSIGNED_KEYS: onOrOff,
  LOCAL_KEY: z.string(),
  ALLOWED_HOSTS: z.string(),
  BYTE_QUOTA: quota,
  ORDER_QUOTA: quota,
  ORDER_EVENT_QUOTA: quota,
  TRANSACTION_QUOTA: quota,
  RECORDED_BYTE_QUOTA: quota,
  ROWS_READ_PER_DAY: quota,
  ROWS_WRITTEN_PER_DAY: quota,
  RETENTION_DAYS: z
    .string()
    .regex(/^\d{0,5}$/, { error: "Expected a whole number of days, or 0 to keep orders" })
    .transform(Number),
  HOURLY_QUERIES: z
    .string()
    .regex(/^[1-9]\d{1,3}$/, { error: "Expected a number of D1 queries from 10 to 9999" })
    .transform(Number),
  ADMIN_TOKEN: z
    .string()
    .refine((token) => token === "" || token.length >= MIN_TOKEN_CHARACTERS, {
      error: `Expected at least ${MIN_TOKEN_CHARACTERS} characters`,
    })
    .optional(),
  KEY_SECRET: z
    .string()
    .refine((secrets) => secrets === "" || parseKeySecret(secrets).length > 0, {
      error: "Expected a secret, or several separated by commas",
    })
    .optional(),
} satisfies Record<Variable, z.ZodType>);

const SECRETS: ReadonlySet<PropertyKey> = new Set(["ADMIN_TOKEN", "KEY_SECRET"]);

interface Config {
  hasRateLimits: boolean;
  /** Whether notifications may be sent to any address, as on a laptop. */
  sendsToAnyAddress: boolean;
  retentionDays: number;
  /** The most D1 queries of an hourly job. */
  hourlyQueries: number;
  /** The most that a partner may store; undefined if nothing is limited. */
  quotas: Usage | undefined;
  /** How many rows of D1 a partner's requests may use in a day. */
  rowsPerDay: Record<"rows_read" | "rows_written", number>;
  /** How many bytes of recorded requests a partner may have. */
  recordedByteQuota: number;
  adminToken: string | undefined;
  /** The secrets that sign API keys, the current one first. Without any, keys are unsigned. */
  keySecrets: string[];
}

/** The variables are invalid. The message names each of them, and never contains a secret. */
export class InvalidConfig extends Error {}

/** The secrets in KEY_SECRET. During a rotation it has several, separated by commas. */
function parseKeySecret(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((secret) => secret.trim())
    .filter((secret) => secret !== "");
}

type Bindings = Partial<Record<Variable, string>>;

let latest: { source: string; config: Config | InvalidConfig } | undefined;

/** The configuration of the Worker. It is parsed again only if a variable changes. Throws InvalidConfig. */
export function configOf(env: Cloudflare.Env): Config {
  const source = NAMES.map((name) => (env as Bindings)[name]).join("\0");
  if (latest?.source !== source) latest = { source, config: parse(env) };
  const { config } = latest;
  if (config instanceof InvalidConfig) throw config;
  return config;
}

/** The message about invalid variables; undefined if all are valid. */
export function findInvalidVariables(env: Cloudflare.Env): string | undefined {
  try {
    configOf(env);
    return undefined;
  } catch (error) {
    return (error as InvalidConfig).message;
  }
}

const NAMES = Object.keys(variables.shape) as Variable[];

function parse(env: Cloudflare.Env): Config | InvalidConfig {
  const { success, data, error } = variables.safeParse(env, { reportInput: true });
  if (!success) return new InvalidConfig(error.issues.map(sentenceOf).join(" "));
  const quotas: Usage = {
    orders: data.ORDER_QUOTA,
    order_events: data.ORDER_EVENT_QUOTA,
    transactions: data.TRANSACTION_QUOTA,
    bytes: data.BYTE_QUOTA,
  };
  const keySecrets = parseKeySecret(data.KEY_SECRET);
  if (keySecrets.length === 0 && !data.UNSIGNED_KEYS) return new InvalidConfig(NO_KEY_SECRET);
  const isLimited = Object.values(quotas).some((limit) => limit < Number.MAX_SAFE_INTEGER);
  return {
    hasRateLimits: data.RATE_LIMITS,
    sendsToAnyAddress: data.WEBHOOK_ADDRESSES,
    retentionDays: data.RETENTION_DAYS,
    hourlyQueries: data.HOURLY_QUERIES,
    quotas: isLimited ? quotas : undefined,
    recordedByteQuota: data.RECORDED_BYTE_QUOTA,
    rowsPerDay: {
      rows_read: data.ROWS_READ_PER_DAY,
      rows_written: data.ROWS_WRITTEN_PER_DAY,
    },
    adminToken: data.ADMIN_TOKEN || undefined,
    keySecrets,
  };
}

const NO_KEY_SECRET = "KEY_SECRET is missing. Set it with npx wrangler secret put KEY_SECRET.";

function sentenceOf({ path: [name = ""], message, input }: z.core.$ZodIssue): string {
  if (input === undefined) return `${String(name)}: Expected text, but it is missing.`;
  const received = SECRETS.has(name) ? (input as string).length : JSON.stringify(input);
  return `${String(name)}: ${message}, but received ${received}.`;
}
