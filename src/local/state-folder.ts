/** A state folder belongs to one server at a time. */
import { accessSync, constants, existsSync, globSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { SandboxError } from "./sandbox-error.ts";
import { withoutWarnings } from "./without-warnings.ts";

/** Where Miniflare and Wrangler have the state of all kinds within a state folder. */
export const stateWithin = (folder: string): string => resolve(folder, "v3");

const LOCK = "orders-sandbox.lock";
/** The databases that workerd has open while it runs on the folder, whoever started it. */
const DATABASES = "v3/d1/*/*.sqlite";

/**
 * Takes a state folder, and answers what gives it back. The lock is one of SQLite's: the system drops it
 * when the process is gone, however it ended.
 */
export function takeFolder(folder: string): () => void {
  makeFolder(folder);
  const lock = lockedExclusively(join(folder, LOCK));
  if (lock && !hasOpenDatabase(folder)) return () => lock.close();
  lock?.close();
  throw new SandboxError(
    `Another server uses the state folder ${folder}: stop it, or choose another folder.`,
  );
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new SandboxError(`Nothing can be kept in ${folder}: ${(error as Error).message}`);
  }
}

/** Whether a server has taken the folder, be it this program or `wrangler dev`. */
export function isServed(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const lock = lockedExclusively(join(folder, LOCK));
  lock?.close();
  return !lock || hasOpenDatabase(folder);
}

function hasOpenDatabase(folder: string): boolean {
  return globSync(join(folder, DATABASES)).some((path) => {
    const lock = lockedExclusively(path);
    lock?.close();
    return !lock;
  });
}

interface Lock {
  close: () => void;
}

const UNLOCKED: Lock = { close: () => undefined };
const SQLITE_BUSY = 5;

/** The lock, or nothing where another has one. Where there can't be any, nobody is kept out. */
function lockedExclusively(path: string): Lock | undefined {
  // Node has it since 22.13.
  const sqlite = withoutWarnings(() => process.getBuiltinModule?.("node:sqlite"));
  if (!sqlite) return UNLOCKED;
  let database: Lock | undefined;
  try {
    const opened = new sqlite.DatabaseSync(path, { timeout: 0 });
    database = opened;
    opened.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
    return database;
  } catch (error) {
    database?.close();
    return (error as { errcode?: number }).errcode === SQLITE_BUSY ? undefined : UNLOCKED;
  }
}
