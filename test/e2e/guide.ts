/** The recipes of a guide, and the languages that run them. */
import { exec } from "node:child_process";
import { writeSync } from "node:fs";
import { promisify } from "node:util";
import { userEnv } from "./user.ts";

/** A recipe's code, the file named in its first line, and the command that runs it. */
export function recipeOf(markdown: string, heading: string) {
  const sections = markdown.split(/^##+ /m);
  const section = sections.find((each) => each.startsWith(`${heading}\n`)) ?? "";
  const blocks = section.matchAll(/^```\w+\n([^]*?)^```$/gm);
  const [code = "", command = ""] = [...blocks].map(([, content]) => content);
  const [, file = ""] = /^(?:\/\/|#) (\S+)\n/.exec(code) ?? [];
  if (!file) throw new Error(`The recipe for ${heading} lacks a file.`);
  return { file, code, command };
}

/** Runs the probe, which fails if the language isn't installed. */
export async function isRunnable(language: string, probe: string): Promise<boolean> {
  try {
    await promisify(exec)(probe, { env: userEnv() });
    return true;
  } catch {
    // Written directly, because Vitest prints neither skipped tests nor the output of passed ones.
    writeSync(2, `Skipping the recipe for ${language}, because this fails: ${probe}\n`);
    return false;
  }
}
