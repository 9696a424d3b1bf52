import * as z from "zod";
import {
  DEFAULT_RETRY_AFTER_SECONDS,
  LISTENER_HOURS,
  MAX_FAILING_HOURS,
  MAX_RETRIES,
  MAX_RETRY_AFTER,
  NOTIFICATION_KINDS,
  PAUSE_REASONS,
  SIGNATURE_KEYS,
  SIGNATURE_TIMESTAMPS,
  WEBHOOK_STATUSES,
  type SignatureSettings,
  type Webhook,
} from "../domain/webhooks.ts";
import { id, responseTimestamp, url as urlText, visibleAscii } from "./fields.ts";
import { limit, listOf, startingAfter } from "./pages.ts";
import type { SchemaPerField } from "./schema-per-field.ts";

export const WEBHOOK_ID_EXAMPLE = "5a8a51c5-57fb-4f9b-8a63-0d1c8f6a3a52";

const webhookUrl = urlText
  .refine((text) => /^https?:\/\//i.test(text) && URL.canParse(text), {
    error: "Expected a URL with http or https, like https://partner.example.com/imprint",
  })
  .meta({
    description:
      "Where notifications are sent. A deployed sandbox accepts only HTTPS URLs with a public host name, without a user or a port; a local one accepts any http or https URL",
    examples: ["https://partner.example.com/imprint"],
  });

const kinds = z
  .array(z.enum(NOTIFICATION_KINDS))
  .min(1)
  .max(NOTIFICATION_KINDS.length)
  .meta({ description: "The kinds of notifications to send", examples: [["TRANSACTION"]] });

const signingToken = visibleAscii.meta({
  description: "The token that signs the notifications",
  examples: ["a-token-of-your-own"],
});

const key = z.enum(SIGNATURE_KEYS).meta({
  description:
    "The HMAC key: `token` is the signing token itself, `sha256` its SHA-256 as bytes, `sha256_hex` its SHA-256 in hex. The published page is ambiguous",
  examples: ["token"],
});
const unit = z.enum(SIGNATURE_TIMESTAMPS).meta({
  description: "The unit of `t`. The published page shows both",
  examples: ["milliseconds"],
});

const signature = z
  .object({ key, timestamp: unit } satisfies SchemaPerField<SignatureSettings>)
  .meta({ description: "How notifications are signed", id: "SignatureSettings" });

const signatureInput = z
  .object({ key: key.optional(), timestamp: unit.optional() })
  .meta({ description: "How notifications are signed" });

const retryAfterSeconds = z
  .array(z.int().min(0).max(MAX_RETRY_AFTER))
  .max(MAX_RETRIES)
  .meta({
    description: "The seconds before each retry. After the last one, the delivery has failed",
    examples: [DEFAULT_RETRY_AFTER_SECONDS],
  });

const withDefault = <Setting extends z.ZodType>(setting: Setting, byDefault: string) => {
  const { description, ...meta } = setting.meta()!;
  return setting.optional().meta({ ...meta, description: `${description}. Default: ${byDefault}` });
};

export const webhookInput = z
  .object({
    url: webhookUrl.optional().meta({
      description:
        "Where notifications are sent. Without it, a program must read the deliveries from `GET /sandbox/notifications/stream?webhook_id=…` and report their outcome, as `orders-sandbox listen` does",
    }),
    kinds: withDefault(kinds, "all"),
    signing_token: withDefault(signingToken, "a random one, which the response contains"),
    signature: withDefault(signatureInput, "`token` and `milliseconds`"),
    retry_after_seconds: withDefault(retryAfterSeconds, DEFAULT_RETRY_AFTER_SECONDS.join(", ")),
  })
  .meta({ id: "WebhookInput" });

export const webhookChange = z
  .object({
    url: webhookUrl.optional(),
    kinds: kinds.optional(),
    signing_token: signingToken.optional(),
    signature: signatureInput.optional(),
    retry_after_seconds: retryAfterSeconds.optional(),
    status: z
      .enum(WEBHOOK_STATUSES)
      .optional()
      .meta({
        description:
          "`paused` holds deliveries until `active` resumes them. A held delivery is lost if its notification is deleted first",
        examples: ["paused"],
      }),
  })
  .meta({ id: "WebhookChange" });

export const webhook = z
  .object({
    id: id.meta({ description: "The webhook's ID", examples: [WEBHOOK_ID_EXAMPLE] }),
    url: webhookUrl.optional().meta({
      description:
        "Where notifications are sent. Left out for a webhook whose deliveries a program reads from the stream",
    }),
    kinds,
    signing_token: signingToken,
    signature,
    retry_after_seconds: retryAfterSeconds,
    status: z.enum(WEBHOOK_STATUSES).meta({
      description: "Whether deliveries are attempted",
      examples: ["active"],
    }),
    paused_because: z
      .enum(PAUSE_REASONS)
      .optional()
      .meta({
        description: `Present while paused. \`failed_for_a_day\`: no delivery was acknowledged for ${MAX_FAILING_HOURS} hours`,
      }),
    failing_since: responseTimestamp
      .optional()
      .meta({ description: "The first failed attempt since the last acknowledged one" }),
    expires_at: responseTimestamp.optional().meta({
      description: `When a webhook without a URL is removed: ${LISTENER_HOURS} hours after its stream was last read`,
    }),
    created_at: responseTimestamp,
  } satisfies SchemaPerField<Webhook>)
  .meta({ id: "Webhook" });

export const webhookList = listOf(webhook, "WebhookList");

export const webhookQuery = z.object({
  limit: limit(),
  starting_after: startingAfter(WEBHOOK_ID_EXAMPLE),
});

export const webhookPath = z.object({ webhook_id: webhook.shape.id });
