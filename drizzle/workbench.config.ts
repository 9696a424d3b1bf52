import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: ["./src/workbench/schema.ts", "./src/workbench/notification-schema.ts"],
  out: "./drizzle/workbench",
});
