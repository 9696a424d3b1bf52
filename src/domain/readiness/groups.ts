/** The groups of checks, with their titles. */
export const CHECK_GROUPS = {
  retries: "Retries",
  refusals: "Refusals",
  orders: "Orders",
  contract: "Contract",
  keys: "API keys",
  card: "Card transactions",
  notifications: "Notifications",
  readings: "Where the contract is silent",
} as const;
export type CheckGroup = keyof typeof CHECK_GROUPS;
