/** A state folder belongs to one server at a time. */
import { accessSync, constants, existsSync, globSync, mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
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

/** How often a folder is looked at: at most what is written in so long can be lost with it. */
const LOOK_MILLISECONDS = 200;

/**
 * Calls back once, when the databases of a folder aren't any more those that are there now, or there are none.
 * They are looked up by their paths, whatever happened to them: the system's own notices (`fs.watch`) don't
 * tell of a folder above that was renamed, and not everywhere of a disk that is gone.
 */
export function whenReplaced(folder: string, act: () => void): () => void {
  const paths = globSync(join(folder, DATABASES));
  const before = paths.map(identityOf).join();
  const timer = setInterval(() => {
    if (paths.length > 0 && paths.map(identityOf).join() === before) return;
    clearInterval(timer);
    act();
  }, LOOK_MILLISECONDS).unref();
  return () => clearInterval(timer);
}

/** Waits until nothing comes or goes in a folder: who removes it, or copies another there, may not be done. */
export async function settled(folder: string): Promise<void> {
  const look = () =>
    globSync(join(folder, "**"))
      .map((path) => `${path} ${lookAt(path)?.size}`)
      .join();
  let before: string | undefined;
  for (let now = look(); now !== before; now = look()) {
    before = now;
    await sleep(LOOK_MILLISECONDS);
  }
}

/** A file has the number as long as anybody has it open, so that no other can have got it meanwhile. */
function identityOf(path: string): string {
  const file = lookAt(path);
  return file ? `${file.dev}:${file.ino}` : "none";
}

function lookAt(path: string) {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
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
