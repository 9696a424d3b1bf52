import type * as z from "zod";

/**
 * The schemas of all fields of an item: one that is missing, unknown, or of another type does not compile.
 * A field may be null where the contract allows it.
 */
export type FieldSchemas<Item> = {
  [Field in keyof Required<Item>]: z.ZodType<Item[Field] | null | undefined>;
};
