import * as z from "zod";
import { responseTimestamp, numericId, text } from "./fields.ts";
import { key } from "./keys.ts";
import { limit, listOf } from "./pages.ts";

const partnerNumber = numericId("a partner");

const partnerFields = {
  id: z.int().meta({ description: "The partner's ID", examples: [3] }),
  name: text.min(1).meta({ description: "The partner's name", examples: ["Rest Assured"] }),
  created_at: responseTimestamp.meta({ description: "When the partner was created (RFC 3339)" }),
};

export const partnerInput = z.object({ name: partnerFields.name }).meta({ id: "PartnerInput" });

export const newPartner = z
  .object({ ...partnerFields, key: key.shape.key })
  .meta({ id: "NewPartner" });

const partner = z
  .object({
    ...partnerFields,
    order_count: z.int().meta({ description: "The number of orders", examples: [12] }),
    order_event_count: z.int().meta({ description: "The number of order events", examples: [31] }),
    key_count: z.int().meta({ description: "The number of active keys", examples: [1] }),
  })
  .meta({ id: "Partner" });

export const partnerList = listOf(partner, "PartnerList");

export const partnerQuery = z.object({
  limit: limit(),
  starting_after: partnerNumber
    .optional()
    .meta({ description: "The ID of the last partner of the previous page" }),
});

export const partnerPath = z.object({
  partner_id: partnerNumber.meta({ description: "The partner's ID" }),
});

export const partnerRemoval = z
  .object({
    id: partnerFields.id,
    deleted_rows: z.int().meta({
      description:
        "The number of rows that this request deleted. More rows remain: repeat the request until it returns 204",
      examples: [40_000],
    }),
  })
  .meta({ id: "PartnerRemoval" });
