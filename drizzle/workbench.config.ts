import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./src/workbench/schema.ts",
  out: "./drizzle/workbench",
});
