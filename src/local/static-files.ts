/** Serves the files of the assets binding. Miniflare's own file server would receive all requests, not only these. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Response } from "miniflare";
import { BUILD_FOLDER } from "./artifacts.ts";

const CONTENT_TYPES: Record<string, string> = { js: "text/javascript", css: "text/css" };

interface AssetRequest {
  url: string;
  headers: { get(name: string): string | null };
}

export async function serveAsset({ url, headers }: AssetRequest): Promise<Response> {
  // Parsing the URL has removed any dot segments.
  const { pathname } = new URL(url);
  const content = await readFile(new URL(`assets${pathname}`, BUILD_FOLDER)).catch(() => undefined);
  if (!content) return new Response(null, { status: 404 });
  const etag = `"${createHash("sha256").update(content).digest("hex")}"`;
  if (headers.get("If-None-Match") === etag) {
    return new Response(null, { status: 304, headers: { ETag: etag } });
  }
  const type = CONTENT_TYPES[pathname.split(".").at(-1)!] ?? "application/octet-stream";
  return new Response(content, {
    headers: { ETag: etag, "Content-Type": `${type}; charset=utf-8` },
  });
}
