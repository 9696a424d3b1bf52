/** How the user calls the program, for its messages, and its default data folder. */
export interface Invocation {
  command: string;
  partnerCommand: string;
  persistTo?: string;
}
