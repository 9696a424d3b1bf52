import * as z from "zod";

/** Whether requests can be served. */
export const health = z
  .object({
    status: z.enum(["ok", "unavailable"]).meta({
      description: "`ok` where the database answers and has the tables that this version needs",
      examples: ["ok"],
    }),
    database: z.enum(["ok", "unavailable"]).meta({
      description: "Whether the database answers",
      examples: ["ok"],
    }),
    migrations: z.enum(["ok", "pending"]).meta({
      description: "`pending` where the database lacks migrations of this version",
      examples: ["ok"],
    }),
    version: z.string().meta({ description: "The version of the sandbox", examples: ["0.1.0"] }),
  })
  .meta({ id: "Health" });

export type Health = z.infer<typeof health>;
