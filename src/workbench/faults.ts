import { asc, eq, notInArray } from "drizzle-orm";
import { chooseFault, chooseNotificationFault } from "../domain/fault-choice.ts";
import {
  MAX_FAULTS,
  type AppliedFault,
  type FaultName,
  type StoredFault,
} from "../domain/faults.ts";
import {
  isNotificationFault,
  type AppliedNotificationFault,
  type NotificationFaultName,
} from "../domain/notification-faults.ts";
import type { NotificationSubject } from "../domain/notifications.ts";
import type { RequestSubject } from "../domain/request-subject.ts";
import { pageOf, type Page, type PageRequest } from "../store/pages.ts";
import { faultCounts, faults, type FaultCount } from "./schema.ts";
import type { WorkbenchDatabase } from "./database.ts";

/** The remaining counts of each fault, by its sequence. A fault without an entry is used up. */
type Counts = Record<number, FaultCount>;

/** All counts are in one row, so that a request writes only one row, even if many faults skip it. */
const COUNTS_ID = 1;

function readCounts(db: WorkbenchDatabase): Counts {
  return db.select().from(faultCounts).get()?.counts ?? {};
}

function writeCounts(db: WorkbenchDatabase, counts: Counts): void {
  db.insert(faultCounts)
    .values({ id: COUNTS_ID, counts })
    .onConflictDoUpdate({ target: faultCounts.id, set: { counts } })
    .run();
}

/** The faults that are not used up, oldest first. */
function liveFaults(db: WorkbenchDatabase) {
  const counts = readCounts(db);
  const rows = db.select().from(faults).orderBy(asc(faults.sequence)).all();
  const live = rows.flatMap(({ sequence, fault }) => {
    const count = counts[sequence];
    if (!count) return [];
    const { remaining, skip_remaining } = count;
    return [{ sequence, match: fault.match, skip_remaining, fault: { ...fault, remaining } }];
  });
  return { counts, live };
}

export function insertFault(db: WorkbenchDatabase, fault: StoredFault): "inserted" | "too many" {
  const counts = readCounts(db);
  db.delete(faults)
    .where(notInArray(faults.sequence, Object.keys(counts).map(Number)))
    .run();
  if (Object.keys(counts).length >= MAX_FAULTS) return "too many";
  const { sequence } = db.insert(faults).values({ id: fault.id, fault }).returning().get();
  counts[sequence] = { remaining: fault.remaining, skip_remaining: fault.skip };
  writeCounts(db, counts);
  return "inserted";
}

/** A page of the faults, newest first; undefined if the cursor is not one of them. */
export function findFaults(
  db: WorkbenchDatabase,
  { limit, starting_after }: PageRequest,
): Page<StoredFault> | undefined {
  const newestFirst = liveFaults(db).live.toReversed();
  const cursor = newestFirst.findIndex(({ fault }) => fault.id === starting_after);
  if (starting_after !== undefined && cursor === -1) return undefined;
  const rows = newestFirst.slice(cursor + 1, cursor + 1 + limit + 1);
  return pageOf(
    rows.map(({ fault }) => fault),
    limit,
    newestFirst.length,
  );
}

export function countFaults(db: WorkbenchDatabase): number {
  return Object.keys(readCounts(db)).length;
}

/** Returns whether the fault existed. */
export function deleteFault(db: WorkbenchDatabase, id: string): boolean {
  const { counts, live } = liveFaults(db);
  const found = live.find(({ fault }) => fault.id === id);
  if (!found) return false;
  db.delete(faults).where(eq(faults.id, id)).run();
  delete counts[found.sequence];
  writeCounts(db, counts);
  return true;
}

/** Returns how many faults it deleted. */
export function deleteFaults(db: WorkbenchDatabase): number {
  const deleted = countFaults(db);
  db.delete(faults).run();
  db.delete(faultCounts).run();
  return deleted;
}

/** Whether a fault can apply to a request. */
export function hasRequestFaults(db: WorkbenchDatabase): boolean {
  return liveFaults(db).live.some(({ fault }) => !isNotificationFault(fault.fault));
}

type Live = ReturnType<typeof liveFaults>["live"][number];
type LiveOf<Name> = Live & { fault: { fault: Name } };

/** Takes the fault that applies to a request, and counts it. Synchronous, so that each use is counted once. */
export function takeFault(
  db: WorkbenchDatabase,
  subject: RequestSubject,
): AppliedFault | undefined {
  const { counts, live } = liveFaults(db);
  const ofRequests = live.filter(
    (each): each is LiveOf<FaultName> => !isNotificationFault(each.fault.fault),
  );
  const choice = chooseFault(ofRequests, subject);
  countChoice(db, counts, choice);
  if (!choice.applied) return undefined;
  const { id, fault, delay_ms, status, retry_after } = choice.applied.fault;
  return {
    id,
    fault,
    delay_ms,
    ...(status !== undefined && { status }),
    ...(retry_after !== undefined && { retry_after }),
  };
}

/** Takes the fault that applies to a notification, unless `excluded` names it. */
export function takeNotificationFault(
  db: WorkbenchDatabase,
  subject: NotificationSubject,
  excluded?: NotificationFaultName,
): AppliedNotificationFault | undefined {
  const { counts, live } = liveFaults(db);
  const ofNotifications = live.filter(
    (each): each is LiveOf<NotificationFaultName> =>
      isNotificationFault(each.fault.fault) && each.fault.fault !== excluded,
  );
  const choice = chooseNotificationFault(ofNotifications, subject);
  countChoice(db, counts, choice);
  if (!choice.applied) return undefined;
  const { id, fault, delay_ms } = choice.applied.fault;
  return { id, fault, delay_ms };
}

function countChoice(
  db: WorkbenchDatabase,
  counts: Counts,
  { applied, skipped }: { applied: Live | undefined; skipped: Live[] },
): void {
  if (!applied && skipped.length === 0) return;
  for (const { sequence } of skipped) counts[sequence]!.skip_remaining -= 1;
  if (applied) {
    const count = counts[applied.sequence]!;
    count.remaining -= 1;
    if (count.remaining === 0) delete counts[applied.sequence];
  }
  writeCounts(db, counts);
}
