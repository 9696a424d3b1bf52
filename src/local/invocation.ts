/** The command lines that messages print, and the default data folder. */
export interface Invocation {
  command: string;
  partnerCommand: string;
  persistTo?: string;
}
