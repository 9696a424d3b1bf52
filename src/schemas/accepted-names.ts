import * as z from "zod";
import type { AcceptedNames } from "../domain/unknown-names.ts";

/** The field names that a schema accepts. Call it once for each schema, not for each request. */
export function acceptedNamesOf(schema: z.core.$ZodType): AcceptedNames {
  if (schema instanceof z.ZodObject) {
    const fields = Object.entries<z.core.$ZodType>(schema.shape);
    return {
      fields: new Set(fields.map(([field]) => field)),
      nested: fields.flatMap(([field, content]) => {
        const names = acceptedNamesOf(content);
        return names ? [[field, names] as const] : [];
      }),
    };
  }
  if (schema instanceof z.ZodArray) {
    const items = acceptedNamesOf(schema.element);
    return items && { items };
  }
  if (schema instanceof z.ZodPipe) return acceptedNamesOf(schema.in);
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault
  ) {
    return acceptedNamesOf(schema.unwrap());
  }
  return undefined;
}
