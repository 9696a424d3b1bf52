import * as z from "zod";
import { responseTimestamp, numericId, text } from "./fields.ts";
import { key } from "./keys.ts";
import { limit, listOf } from "./pages.ts";

const partnerNumber = numericId("a partner");

const partnerFields = {
  id: z.int().meta({ description: "The partner's number", examples: [3] }),
  name: text.min(1).meta({ description: "Whose sandbox it is", examples: ["Rest Assured"] }),
  created_at: responseTimestamp.meta({ description: "When the partner was made (RFC 3339)" }),
};

export const partnerInput = z.object({ name: partnerFields.name }).meta({ id: "PartnerInput" });

export const newPartner = z
  .object({ ...partnerFields, key: key.shape.key })
  .meta({ id: "NewPartner" });

const partner = z
  .object({
    ...partnerFields,
    order_count: z.int().meta({ description: "How many orders it has", examples: [12] }),
    order_event_count: z
      .int()
      .meta({ description: "How many order events it has", examples: [31] }),
    key_count: z.int().meta({ description: "How many keys of it work", examples: [1] }),
  })
  .meta({ id: "Partner" });

export const partnerList = listOf(partner, "PartnerList");

export const partnerQuery = z.object({
  limit: limit(),
  starting_after: partnerNumber
    .optional()
    .meta({ description: "The number of the last partner of the page before" }),
});

export const partnerPath = z.object({
  partner_id: partnerNumber.meta({ description: "The partner's number" }),
});

export const partnerRemoval = z
  .object({
    id: partnerFields.id,
    deleted_rows: z.int().meta({
      description: "How many rows this request has deleted; there are more",
      examples: [40_000],
    }),
  })
  .meta({ id: "PartnerRemoval" });
