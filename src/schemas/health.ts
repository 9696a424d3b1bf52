import * as z from "zod";

export const health = z
  .object({
    status: z.enum(["ok", "unavailable"]).meta({
      description: "`ok` if the database is reachable and has the tables that this version needs",
      examples: ["ok"],
    }),
    database: z.enum(["ok", "unavailable"]).meta({
      description: "Whether the database is reachable",
      examples: ["ok"],
    }),
    migrations: z.enum(["ok", "pending"]).meta({
      description: "`pending` if the database lacks migrations of this version",
      examples: ["ok"],
    }),
    version: z.string().meta({ description: "The sandbox's version", examples: ["0.1.0"] }),
  })
  .meta({ id: "Health" });

export type Health = z.infer<typeof health>;
