import * as z from "zod";

export const key = z
  .object({
    key: z.string().meta({ description: "The API key", examples: ["test_"] }),
    created_at: z.string().meta({
      format: "date-time",
      description: "When the key was made (RFC 3339)",
      examples: ["2025-02-13T19:08:07Z"],
    }),
    deleted_at: z
      .string()
      .optional()
      .meta({
        format: "date-time",
        description: "When the key was deleted (RFC 3339)",
        examples: ["2025-02-13T19:08:07Z"],
      }),
  })
  .meta({ id: "Key" });
