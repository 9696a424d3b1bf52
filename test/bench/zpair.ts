// usage: zpair op script...   -> CPU of workerd per request, alternating
import { join } from "node:path"; import { mkdtemp } from "node:fs/promises"; import { readFileSync, readdirSync } from "node:fs";
import { start } from "./servers.ts"; import { load, migrate } from "./data.ts"; import { drive } from "./load.ts"; import { requests, spreadRow } from "./operations.ts"; import { median } from "./statistics.ts";
const [, , op, ...scripts] = process.argv as any as string[];
const rounds = Number(process.env.ROUNDS ?? 7), secs = Number(process.env.SECS ?? 1);
const OPS: Record<string, (i: number) => any> = { get: (i) => requests.orderById(300 + spreadRow(i, 9000)), list: requests.firstOrders, events: requests.firstEvents, event: (i) => requests.postEvent(2 + (i % 200)), hot: () => requests.postEvent(1), order: requests.postOrder, byorder: (i) => requests.eventsByOrder(300 + spreadRow(i, 9000)) };
const pids = () => readdirSync("/proc").filter((n) => /^\d+$/.test(n)).filter((p) => { try { const s = readFileSync(`/proc/${p}/stat`, "utf8"); return s.includes("(workerd)") && s.split(") ")[1]!.split(" ")[1] === String(process.pid); } catch { return false; } });
const cpu = (p: string) => { const s = readFileSync(`/proc/${p}/stat`, "utf8").split(") ")[1]!.split(" "); return (Number(s[11]) + Number(s[12])) * 10; };
const servers = [];
for (const s of scripts) { const before = new Set(pids()); const folder = await mkdtemp("/dev/shm/prof/p-"); const server = await start(s, folder); await migrate(server.database); await load(server.database, 10000); const pid = pids().find((p) => !before.has(p))!; servers.push({ s, server, pid, rps: [] as number[], ms: [] as number[], node: [] as number[] }); }
let i = 0; const next = () => OPS[op!]!((i += 1));
for (const x of servers) await drive(x.server.url, 2, next);
for (let r = 0; r < rounds; r++) for (const x of servers) { const a = cpu(x.pid), n = process.cpuUsage(); const round = await drive(x.server.url, secs, next); const d = cpu(x.pid) - a, m = process.cpuUsage(n); const count = round.requests_per_second * secs; x.rps.push(round.requests_per_second); x.ms.push(d / count); x.node.push((m.user + m.system) / 1000 / count); }
const base = servers[0]!;
for (const x of servers) console.log(x.s.padEnd(44), "rps", median(x.rps).toFixed(0).padStart(5), "cpu ms/req", median(x.ms).toFixed(3), "ratio of cpu", (median(x.ms) / median(base.ms)).toFixed(3), "node ms/req", median(x.node).toFixed(3));
for (const x of servers) await x.server.stop(); process.exit(0);
