/** Prints text to the terminal. The other modules of the program don't use `console`. */
import { printableLines } from "./printable.ts";

export const print = (text: string): void => console.log(printableLines(text));

export const printError = (text: string): void => console.error(printableLines(text));

/** Prints a table of these columns. `console.table` escapes the values, but not the names of columns. */
export const printTable = <Row extends object>(
  rows: Row[],
  columns: (keyof Row & string)[],
): void => console.table(rows, columns);
