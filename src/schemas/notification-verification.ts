import * as z from "zod";
import { BODY_CHANGES, type BodyChange } from "../domain/body-changes.ts";
import { VERIFICATION_REASONS } from "../domain/notification-deviations.ts";
import {
  DEFAULT_TOLERANCE_SECONDS,
  type Verification,
} from "../domain/notification-verification.ts";
import {
  MAX_NOTIFICATION_BYTES,
  SIGNATURE_HEADER,
  type NotificationFilter,
} from "../domain/notifications.ts";
import { NOTIFICATION_KINDS } from "../domain/webhooks.ts";
import type { SchemaPerField } from "./schema-per-field.ts";
import { webhook } from "./webhooks.ts";

const MAX_HEADER_CHARACTERS = 1_000;
/** Twice the largest body, because indentation makes a body longer. */
const MAX_BODY_CHARACTERS = 2 * MAX_NOTIFICATION_BYTES;
const MAX_TOLERANCE_SECONDS = 10 * 365 * 86_400;

export const verificationInput = z
  .object({
    header: z
      .string()
      .max(MAX_HEADER_CHARACTERS)
      .meta({
        description: `The value of \`${SIGNATURE_HEADER}\`, as your code received it`,
        examples: ["t=1763984420123,s=5f2c"],
      }),
    body: z
      .string()
      .max(MAX_BODY_CHARACTERS)
      .meta({
        description: "The body that your code verified, as a text",
        examples: ['{"object":"TRANSACTION","data":{"event_id":"e-1"}}'],
      }),
    signing_token: webhook.shape.signing_token.optional().meta({
      description: "The token that your code verified with. Default: those of all webhooks",
      examples: ["a-token-of-your-own"],
    }),
    tolerance_seconds: z
      .int()
      .min(0)
      .max(MAX_TOLERANCE_SECONDS)
      .optional()
      .meta({
        description: `How old the signature may be. Default: ${DEFAULT_TOLERANCE_SECONDS}`,
        examples: [DEFAULT_TOLERANCE_SECONDS],
      }),
  })
  .meta({ id: "VerificationInput" });

const text = (description: string, example: string) =>
  z
    .string()
    .optional()
    .meta({ description, examples: [example] });

const change = z.object({
  kind: z.enum(BODY_CHANGES).meta({
    description:
      "`whitespace`, `key_order`, `escapes` and `numbers` come from parsing and serializing. `fields`: a field is missing or was added. `values`: a value differs",
    examples: ["numbers"],
  }),
  path: text("The first place with such a change", "data.amount"),
  sent: text("As it was sent; absent for an added field", "5000"),
  received: text("As your code has it; absent for a missing field", "5000.0"),
} satisfies SchemaPerField<BodyChange>);

export const verification = z
  .object({
    valid: z.boolean().meta({ description: "Whether the signature is valid", examples: [false] }),
    reason: z
      .enum(VERIFICATION_REASONS)
      .nullable()
      .meta({
        description:
          "Why it isn't valid, or null. `malformed_header`, `cut_header`, `folded_header`: the header was changed. `trailing_newline`, `body_reserialized`, `body_changed`: the body was changed. `other_token`: another token of this environment signed it. `token_hashed`: the key is the token in another form. `timestamp_unit`: `t` is in the other unit. `fault`: the sandbox signed it with a wrong token, because of the fault `invalid_signature`. `too_old`, `in_future`: beyond the tolerance. `no_match`: none of these explains it",
        examples: ["body_reserialized"],
      }),
    message: z.string().meta({
      description: "All reasons as sentences, with what to change",
      examples: [
        "The body was parsed and serialized again: a number has another form in data.amount: 5000 was sent, 5000.0 received. Verify over the raw body, before a parser reads it.",
      ],
    }),
    expected: text(
      "The header that your code should compute for this body and the `t` that you sent, with `signing_token` or, by default, the token of the oldest webhook",
      "t=1763984420123,s=9a0e",
    ),
    changes: z
      .array(change)
      .optional()
      .meta({ description: "What changed in the body, the first change of each kind" }),
  } satisfies SchemaPerField<Verification>)
  .meta({ id: "Verification" });

const sentBody = z.object({
  object: z.enum(NOTIFICATION_KINDS),
  data: z.object({ event_id: z.string().optional() }),
});

/** The filter that finds a body's notification: by its event, else by its kind. */
export function filterOfBody(body: string): NotificationFilter | undefined {
  try {
    const { object, data } = sentBody.parse(JSON.parse(body));
    return data.event_id === undefined ? { object } : { event_id: data.event_id };
  } catch {
    return undefined;
  }
}
