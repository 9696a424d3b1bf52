import * as z from "zod";
import { answeredTimestamp } from "./fields.ts";

export const key = z
  .object({
    key: z.string().meta({ description: "The API key", examples: ["test_"] }),
    created_at: answeredTimestamp.meta({ description: "When the key was made (RFC 3339)" }),
    deleted_at: answeredTimestamp
      .optional()
      .meta({ description: "When the key was deleted (RFC 3339)" }),
  })
  .meta({ id: "Key" });
