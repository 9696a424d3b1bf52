/** How a table that others refer to is rebuilt without losing a row: the recipe of .github/CONTRIBUTING.md. */
import type { DatabaseSync } from "node:sqlite";
import { databaseAfter, referrersOf, texts, tryOut } from "../../src/cli/rebuilds.ts";

// A table that is made again counts its AUTOINCREMENT from the rows it has: a removed row's id would come again.
const KEEP_SEQUENCES = ["CREATE TABLE `kept_sequences` AS SELECT * FROM sqlite_sequence;"];
const RESTORE_SEQUENCES = [
  "DELETE FROM sqlite_sequence WHERE name IN (SELECT name FROM `kept_sequences`);",
  "INSERT INTO sqlite_sequence SELECT * FROM `kept_sequences`;",
  "DROP TABLE `kept_sequences`;",
];

/** The migration, with the tables that refer to what it drops set aside before, and put back after. */
export function setReferrersAside(migration: string, earlier: string[]): string {
  const dropped = tryOut(migration, earlier).drops.map(({ table }) => table);
  if (dropped.length === 0) return migration;
  const database = databaseAfter(earlier);
  const referrers = new Set(dropped.flatMap((table) => allReferrers(database, table)));
  const tables = [...referrers.difference(new Set(dropped))];
  const hasSequence = [...dropped, ...tables].some((table) =>
    definitionsOf(database, table).join().includes("AUTOINCREMENT"),
  );
  return [
    ...(hasSequence ? KEEP_SEQUENCES : []),
    ...tables.flatMap(setAside),
    migration,
    ...tables.toReversed().flatMap((table) => putBack(table, definitionsOf(database, table))),
    ...(hasSequence ? RESTORE_SEQUENCES : []),
  ].join("\n--> statement-breakpoint\n");
}

function setAside(table: string): string[] {
  return [
    `CREATE TABLE \`kept_${table}\` AS SELECT * FROM \`${table}\`;`,
    `DROP TABLE \`${table}\`;`,
  ];
}

function putBack(table: string, definitions: string[]): string[] {
  return [
    ...definitions,
    `INSERT INTO \`${table}\` SELECT * FROM \`kept_${table}\`;`,
    `DROP TABLE \`kept_${table}\`;`,
  ];
}

/** Who refers to a table, and who refers to those in turn: each before the tables that it refers to. */
function allReferrers(database: DatabaseSync, table: string): string[] {
  return referrersOf(database, table).flatMap((each) => allReferrers(database, each).concat(each));
}

/** The statements that make a table and its indexes. */
function definitionsOf(database: DatabaseSync, table: string): string[] {
  return texts(
    database,
    "SELECT sql || ';' FROM sqlite_master WHERE tbl_name = :table AND sql IS NOT NULL ORDER BY rowid",
    { table },
  );
}
