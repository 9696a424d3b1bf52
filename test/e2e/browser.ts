import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { deepEqual } from "node:assert/strict";
import { prepareChromium } from "../../src/cli/chromium.ts";

/** Allow the browser to run as root, and stop its background requests. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Launches the tests' browser from this folder. */
export const launchIn = async (folder: string): Promise<Browser> =>
  chromium.launch({ ...(await prepareChromium(folder)), args: FLAGS });

export interface Visit extends BrowserContextOptions {
  /** Console messages of error responses that the test provokes on purpose. */
  expected?: RegExp;
  /** Initial content of the tab's session storage. */
  sessionStorage?: Record<string, string>;
}

/** Opens a page and acts on it. Fails on a console message, a page error or a request to another server. */
export async function visit(
  browser: Browser,
  url: string,
  { expected, sessionStorage, ...options }: Visit,
  act: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  for (const [name, content] of Object.entries(sessionStorage ?? {})) {
    const item = [name, content].map((each) => JSON.stringify(each)).join(", ");
    await page.addInitScript(
      `sessionStorage.getItem("${name}") ?? sessionStorage.setItem(${item})`,
    );
  }
  const complaints: string[] = [];
  const outside: string[] = [];
  page.on("console", (message) => {
    const isExpected = expected?.test(message.text());
    if (["error", "warning"].includes(message.type()) && !isExpected)
      complaints.push(message.text());
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
