/** The operator's token in the tests. */
export const ADMIN_TOKEN = "operator-of-the-tests";
