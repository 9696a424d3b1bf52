/** What a new environment has in it: nothing, or the order and the event of the published examples. */
export const FIXTURES = ["empty", "documentation"] as const;
export type Fixture = (typeof FIXTURES)[number];
