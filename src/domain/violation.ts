/** A field that breaks a rule, and the reason. */
export interface Violation {
  param: string;
  message: string;
}
