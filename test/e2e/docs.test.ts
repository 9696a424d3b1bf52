import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { prepareChromium, WITHOUT_CHROMIUM } from "../../src/cli/chromium.ts";
import { launchIn, visit as visitWith } from "./browser.ts";
import { freePort, Server } from "./server.ts";

const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 390, height: 844 };

let folder: string;
let server: Server;
let browser: Browser;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-docs-"));
  [server, browser] = await Promise.all([
    new Server(await freePort(), join(folder, "state")).ready(),
    launchIn(join(folder, "browser")),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

afterEach(() => {
  vi.unstubAllEnvs();
});

const visit = (
  path: string,
  options: BrowserContextOptions,
  act: (page: Page) => Promise<void>,
): Promise<void> =>
  visitWith(browser, server.url + path, options, async (page) => {
    await heading(page).waitFor();
    await act(page);
  });

const heading = (page: Page) => page.getByRole("heading", { name: "Orders Sandbox", level: 1 });

it.each([
  ["wide and light", WIDE, "light"],
  ["wide and dark", WIDE, "dark"],
  ["narrow and light", NARROW, "light"],
  ["narrow and dark", NARROW, "dark"],
] as const)("shows the reference, %s", async (_, viewport, colorScheme) => {
  await visit("/docs", { viewport, colorScheme }, async (page) => {
    const red = await page.evaluate<number>(
      "Number(/\\d+/.exec(getComputedStyle(document.body).backgroundColor)[0])",
    );
    expect(red > 128).toBe(colorScheme === "light");
    const overflow = await page.evaluate<number>("document.body.scrollWidth - innerWidth");
    expect(overflow).toBeLessThanOrEqual(0);
  });
});

it("tries operations from the page, with the local key filled in and examples that work in order", async () => {
  await visit("/docs", { viewport: WIDE }, async (page) => {
    const sidebar = page.getByRole("complementary");
    for (const [tag, operation, path] of [
      ["orders", "POST/v2/orders", "/v2/orders"],
      ["order-events", "POST/v2/order_events", "/v2/order_events"],
      ["orders", "GET/v2/orders", "/v2/orders"],
    ] as const) {
      const link = sidebar.locator(`a[href="#tag/${tag}/${operation}"]`);
      const section = sidebar.locator(`a[href="#tag/${tag}"]`);
      await section.waitFor();
      if (!(await link.isVisible())) await section.click();
      await link.click();
      const details = page.locator(`[id$="tag/${tag}/${operation}"]`);
      await details.getByRole("button", { name: "Test Request" }).first().click();
      const [response] = await Promise.all([
        page.waitForResponse((each) => each.url().startsWith(server.url + path)),
        page.getByRole("button", { name: /^Send \w+ request to/ }).click(),
      ]);
      expect(response.status()).toBe(200);
      await page.getByText("200 OK").waitFor();
      await page.keyboard.press("Escape");
    }
  });
});

it("opens at the error type that `doc_url` names", async () => {
  const response = await fetch(`${server.url}/v2/orders`);
  const { error } = (await response.json()) as { error: { type: string; doc_url: string } };
  const { pathname, hash } = new URL(error.doc_url);
  await visit(pathname + hash, { viewport: WIDE }, async (page) => {
    const target = page.getByRole("heading", { name: error.type.replaceAll("_", " "), level: 3 });
    await expect
      .poll(async () => (await target.boundingBox())?.y)
      .toSatisfy((y?: number) => y !== undefined && y > 0 && y < WIDE.height);
  });
});

it("links to the console and back", async () => {
  await visit("/docs", { viewport: NARROW }, async (page) => {
    await page.getByRole("link", { name: "Open the console" }).click();
    await page.waitForURL("**/console");
    await page.getByRole("link", { name: "Reference" }).click();
    await page.waitForURL("**/docs");
    await heading(page).waitFor();
  });
});

it("allows the page to reach no other server, whatever it contains", async () => {
  for (const path of ["/console", "/docs"]) {
    const { headers } = await fetch(server.url + path, { headers: { Accept: "text/html" } });
    const policy = headers.get("Content-Security-Policy");
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe-inline/);
  }
});

it("reports a missing Chromium in one sentence", async () => {
  const env = { ...process.env, CHROMIUM: "/there/is/none" };
  const run = promisify(execFile)("node", ["src/cli/check.ts"], { env });
  await expect(run).rejects.toMatchObject({ code: 1, stdout: "", stderr: `${WITHOUT_CHROMIUM}\n` });
});

it("uses the Chromium at the path in CHROMIUM", async () => {
  const named = join(folder, "named");
  await writeFile(named, "", { mode: 0o700 });
  vi.stubEnv("CHROMIUM", named);
  await expect(prepareChromium("/nowhere")).resolves.toEqual({ executablePath: named });
});

// The package has a Chromium for this system only.
it.runIf(process.platform === "linux" && process.arch === "x64")(
  "otherwise uses the Chromium and the font of the install, whatever is installed on the machine",
  async () => {
    const installed = join(folder, "path");
    await mkdir(installed);
    for (const name of ["chromium", "google-chrome"]) {
      await writeFile(join(installed, name), "exit 1", { mode: 0o700 });
    }
    vi.stubEnv("PATH", `${installed}${delimiter}${process.env["PATH"]}`);
    vi.stubEnv("CHROMIUM", undefined);
    const packed = await launchIn(join(folder, "packed"));
    const page = await packed.newPage();
    await page.setContent("<h1>Orders Sandbox</h1>");
    const { width, height } = (await page.getByText("Orders Sandbox").boundingBox())!;
    await packed.close();
    expect(Math.min(width, height)).toBeGreaterThan(10);
  },
);
