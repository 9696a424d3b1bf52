import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: [
    "./src/store/schema.ts",
    "./src/store/order-schema.ts",
    "./src/store/transaction-schema.ts",
  ],
  out: "./drizzle/migrations",
});
