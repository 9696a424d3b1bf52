/** A field that breaks a rule, with the sentence that says how. */
export interface Violation {
  param: string;
  message: string;
}
