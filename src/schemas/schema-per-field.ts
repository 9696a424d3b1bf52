import type * as z from "zod";

/** A schema for every field of an item. A missing or unknown field, or one of another type, doesn't compile. */
export type SchemaPerField<Item> = {
  [Field in keyof Required<Item>]: z.ZodType<Item[Field] | null | undefined>;
};
