import * as z from "zod";
import type { KnownNames } from "../domain/unknown-names.ts";

/** The names that can be sent to a schema. To be made once of each schema, and not for each request. */
export function knownNamesOf(schema: z.core.$ZodType): KnownNames {
  if (schema instanceof z.ZodObject) {
    const fields = Object.entries<z.core.$ZodType>(schema.shape);
    return {
      fields: new Set(fields.map(([field]) => field)),
      nested: fields.flatMap(([field, content]) => {
        const names = knownNamesOf(content);
        return names ? [[field, names] as const] : [];
      }),
    };
  }
  if (schema instanceof z.ZodArray) {
    const items = knownNamesOf(schema.element);
    return items && { items };
  }
  if (schema instanceof z.ZodPipe) return knownNamesOf(schema.in);
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault
  ) {
    return knownNamesOf(schema.unwrap());
  }
  return undefined;
}
