import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { deepEqual } from "node:assert/strict";
import { prepareChromium, type Chromium } from "../../src/cli/chromium.ts";

/** A browser that runs as root, and asks nothing of anybody by itself. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const launch = (found: Chromium): Promise<Browser> =>
  chromium.launch({ ...found, args: FLAGS });

export const launchIn = async (folder: string): Promise<Browser> =>
  launch(await prepareChromium(folder));

export interface Visit extends BrowserContextOptions {
  /** What the browser may complain of: an answer that a test means to be an error. */
  expected?: RegExp;
  /** What the tab remembers beforehand. */
  remembers?: Record<string, string>;
}

/** Opens a page, does something on it, and fails where the browser has complained or asked another server. */
export async function visit(
  browser: Browser,
  url: string,
  { expected, remembers, ...options }: Visit,
  act: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  for (const [name, content] of Object.entries(remembers ?? {})) {
    const item = [name, content].map((each) => JSON.stringify(each)).join(", ");
    await page.addInitScript(
      `sessionStorage.getItem("${name}") ?? sessionStorage.setItem(${item})`,
    );
  }
  const complaints: string[] = [];
  const outside: string[] = [];
  page.on("console", (message) => {
    const isMeant = expected?.test(message.text());
    if (["error", "warning"].includes(message.type()) && !isMeant) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    const { origin } = new URL(request.url());
    if (!/^(data|blob):/.test(request.url()) && origin !== new URL(url).origin) {
      outside.push(request.url());
    }
  });
  await page.goto(url);
  await act(page);
  deepEqual({ complaints, outside }, { complaints: [], outside: [] });
  await context.close();
}
