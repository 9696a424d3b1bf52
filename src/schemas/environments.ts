import * as z from "zod";
import { FIXTURES } from "../domain/environments.ts";
import { responseTimestamp, numericId, text } from "./fields.ts";
import { key } from "./keys.ts";
import { limit, listOf } from "./pages.ts";

/** How long an environment may live, and lives if nobody says, in seconds. */
const MIN_LIFE_SECONDS = 60;
const MAX_LIFE_SECONDS = 30 * 86_400;
const DEFAULT_LIFE_SECONDS = 86_400;

const name = text.min(1).meta({ description: "What it is for", examples: ["pull request 12"] });
const strict = z.boolean().meta({
  description: "Whether fields and parameters that the contract doesn't know are refused with 400",
  examples: [false],
});
const fixture = z.enum(FIXTURES).meta({
  description:
    "What it has in it, now and after each reset: nothing, or the order and the event of the published examples",
  examples: ["empty"],
});

export const environmentInput = z
  .object({
    name: name.optional(),
    expires_in_seconds: z
      .int()
      .min(MIN_LIFE_SECONDS)
      .max(MAX_LIFE_SECONDS)
      .default(DEFAULT_LIFE_SECONDS)
      .meta({ description: "How long it lives, in seconds", examples: [3_600] }),
    strict: strict.default(false),
    fixture: fixture.default("empty"),
  })
  .meta({ id: "EnvironmentInput" });

const environment = z
  .object({
    id: z.int().meta({ description: "The environment's number", examples: [12] }),
    name: name.optional(),
    strict,
    fixture,
    created_at: responseTimestamp.meta({ description: "When it was made (RFC 3339)" }),
    expires_at: responseTimestamp.optional().meta({
      description:
        "When it expires (RFC 3339); left out for a partner's first one, which never does",
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
    .meta({ description: "The number of the last environment of the page before" }),
});

export const environmentPath = z.object({
  environment_id: environmentNumber.meta({ description: "The environment's number" }),
});
