/** The commands that messages name, and the default data folder. */
export interface Invocation {
  command: string;
  partnerCommand: string;
  persistTo?: string;
}
