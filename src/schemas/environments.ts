import * as z from "zod";
import { FIXTURES } from "../domain/environments.ts";
import { responseTimestamp, numericId, text } from "./fields.ts";
import { key } from "./keys.ts";
import { limit, listOf } from "./pages.ts";

/** The lifetime of an environment. */
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
    "The initial data, restored by each reset: nothing, or the order and event of the published examples",
  examples: ["empty"],
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
  })
  .meta({ id: "EnvironmentInput" });

const environment = z
  .object({
    id: z.int().meta({ description: "The environment's ID", examples: [12] }),
    name: name.optional(),
    strict,
    fixture,
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
