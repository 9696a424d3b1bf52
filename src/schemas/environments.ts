import * as z from "zod";
import {
  ASSUMPTIONS,
  DEFAULT_ASSUMPTIONS,
  type AssumptionName,
  type Assumptions,
} from "../domain/assumptions.ts";
import { FIXTURES } from "../domain/environments.ts";
import { responseTimestamp, numericId, text } from "./fields.ts";
import { key } from "./keys.ts";
import type { SchemaPerField } from "./schema-per-field.ts";
import { limit, listOf } from "./pages.ts";

const MIN_LIFETIME_SECONDS = 60;
const MAX_LIFETIME_SECONDS = 30 * 86_400;
const DEFAULT_LIFETIME_SECONDS = 86_400;

const name = text
  .min(1)
  .meta({ description: "The environment's name", examples: ["pull request 12"] });
const strict = z.boolean().meta({
  description:
    "Whether unknown fields and parameters are rejected with 400. By default, they only cause a warning",
  examples: [false],
});
const fixture = z.enum(FIXTURES).meta({
  description:
    "The initial data, restored by each reset: none, or the order, event and card transaction of the published examples",
  examples: ["empty"],
});
const assumption = <Name extends AssumptionName>(of: Name, description: string) =>
  z
    .enum(ASSUMPTIONS[of])
    .default(ASSUMPTIONS[of][0])
    .meta({ description, examples: [ASSUMPTIONS[of][0]] });

const assume = z
  .object({
    duplicate_ids: assumption(
      "duplicate_ids",
      "A repeated order or event, with the same ID and content: `replay` returns the stored one, `conflict` returns 409",
    ),
    idempotency_key: assumption("idempotency_key", "Whether `Idempotency-Key` has an effect"),
    refund_beyond_captured: assumption(
      "refund_beyond_captured",
      "A refund beyond the captured amount: `refused` with 409, or `accepted` with a warning",
    ),
  } satisfies SchemaPerField<Assumptions>)
  .meta({
    id: "Assumptions",
    description:
      "What the environment decides where the published contract is silent. Test your client with both values of each field",
  });

export const environmentInput = z
  .object({
    name: name.optional(),
    expires_in_seconds: z
      .int()
      .min(MIN_LIFETIME_SECONDS)
      .max(MAX_LIFETIME_SECONDS)
      .default(DEFAULT_LIFETIME_SECONDS)
      .meta({ description: "The lifetime in seconds", examples: [3_600] }),
    strict: strict.default(false),
    fixture: fixture.default("empty"),
    assume: assume.default(DEFAULT_ASSUMPTIONS),
  })
  .meta({ id: "EnvironmentInput" });

const environment = z
  .object({
    id: z.int().meta({ description: "The environment's ID", examples: [12] }),
    name: name.optional(),
    strict,
    fixture,
    assume,
    created_at: responseTimestamp.meta({
      description: "When the environment was created (RFC 3339)",
    }),
    expires_at: responseTimestamp.optional().meta({
      description:
        "When the environment expires (RFC 3339). Left out for the first environment, which never expires",
    }),
  })
  .meta({ id: "Environment" });

export const newEnvironment = environment
  .extend({ key: key.shape.key })
  .meta({ id: "NewEnvironment" });

export const environmentList = listOf(environment, "EnvironmentList");

const environmentNumber = numericId("an environment");

export const environmentQuery = z.object({
  limit: limit(),
  starting_after: environmentNumber
    .optional()
    .meta({ description: "The ID of the last environment of the previous page" }),
});

export const environmentPath = z.object({
  environment_id: environmentNumber.meta({ description: "The environment's ID" }),
});
