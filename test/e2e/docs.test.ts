import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import {
  findChromium,
  prepareChromium,
  unpackChromium,
  WITHOUT_CHROMIUM,
} from "../../src/cli/chromium.ts";
import { freePort, Server } from "./server.ts";

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

const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 390, height: 844 };

let folder: string;
let server: Server;
let browser: Browser;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orders-sandbox-docs-"));
  const found = await prepareChromium(join(folder, "browser"));
  [server, browser] = await Promise.all([
    new Server(await freePort(), join(folder, "state")).ready(),
    chromium.launch({ ...found, args: FLAGS }),
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

/** Opens a page, does something on it, and fails where the browser has complained or asked another server. */
async function visit(
  path: string,
  options: BrowserContextOptions,
  act: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  const outside: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== server.url) {
      outside.push(request.url());
    }
  });
  await page.goto(server.url + path, { waitUntil: "networkidle" });
  await act(page);
  expect({ complaints, outside }).toEqual({ complaints: [], outside: [] });
  await context.close();
}

const heading = (page: Page) => page.getByRole("heading", { name: "Orders Sandbox", level: 1 });

it.each([
  ["wide and light", WIDE, "light"],
  ["wide and dark", WIDE, "dark"],
  ["narrow and light", NARROW, "light"],
  ["narrow and dark", NARROW, "dark"],
] as const)("shows the reference, %s", async (_, viewport, colorScheme) => {
  await visit("/docs", { viewport, colorScheme }, async (page) => {
    await heading(page).waitFor();
    const red = await page.evaluate<number>(
      "Number(/\\d+/.exec(getComputedStyle(document.body).backgroundColor)[0])",
    );
    expect(red > 128).toBe(colorScheme === "light");
    const overflow = await page.evaluate<number>("document.body.scrollWidth - innerWidth");
    expect(overflow).toBeLessThanOrEqual(0);
  });
});

it("tries operations from the page, with examples that work one after another", async () => {
  await visit("/docs", { viewport: WIDE }, async (page) => {
    await page.getByPlaceholder("Token").first().fill("test_sandbox_a");
    const sidebar = page.getByRole("complementary");
    for (const [tag, operation, path] of [
      ["orders", "POST/v2/orders", "/v2/orders"],
      ["order-events", "POST/v2/order_events", "/v2/order_events"],
      ["orders", "GET/v2/orders", "/v2/orders"],
    ] as const) {
      const link = sidebar.locator(`a[href="#tag/${tag}/${operation}"]`);
      if (!(await link.isVisible())) await sidebar.locator(`a[href="#tag/${tag}"]`).click();
      await link.click();
      const section = page.locator(`[id$="tag/${tag}/${operation}"]`);
      await section.getByRole("button", { name: "Test Request" }).first().click();
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

it("says at / what this is, to people with the way to the reference", async () => {
  await visit("/", { viewport: NARROW }, async (page) => {
    await heading(page).waitFor();
    const command = await page.locator("pre").textContent();
    expect(command).toBe(`curl ${server.url}/v2/orders -H "Authorization: Bearer test_sandbox_a"`);
    await page.getByRole("link", { name: "The reference" }).click();
    await page.waitForURL("**/docs");
    await page.getByText("Report orders and what happens to them").waitFor();
  });
});

it("allows the page no other server, whatever it comes to contain", async () => {
  for (const path of ["/", "/docs"]) {
    const { headers } = await fetch(server.url + path, { headers: { Accept: "text/html" } });
    const policy = headers.get("Content-Security-Policy");
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe-inline/);
  }
});

it("says in one sentence that there is no Chromium", async () => {
  const env = { ...process.env, CHROMIUM: "/there/is/none" };
  const run = promisify(execFile)("node", ["src/cli/check.ts"], { env });
  await expect(run).rejects.toMatchObject({ code: 1, stdout: "", stderr: `${WITHOUT_CHROMIUM}\n` });
});

it("takes the Chromium that CHROMIUM names, and one on the PATH otherwise", async () => {
  const [named, installed] = [join(folder, "named"), join(folder, "chromium-browser")];
  for (const path of [named, installed]) await writeFile(path, "", { mode: 0o700 });
  vi.stubEnv("PATH", folder);
  vi.stubEnv("CHROMIUM", undefined);
  expect(findChromium()).toBe(installed);
  await expect(prepareChromium("/nowhere")).resolves.toEqual({ executablePath: installed });
  vi.stubEnv("CHROMIUM", named);
  expect(findChromium()).toBe(named);
});

// It has one for this system alone.
it.runIf(process.platform === "linux" && process.arch === "x64")(
  "needs no Chromium of the system, nor its fonts: one comes with the install",
  async () => {
    const packed = await chromium.launch({
      ...(await unpackChromium(join(folder, "packed"))),
      args: FLAGS,
    });
    const page = await packed.newPage();
    await page.setContent("<h1>Orders Sandbox</h1>");
    const { width, height } = (await page.getByText("Orders Sandbox").boundingBox())!;
    await packed.close();
    expect(Math.min(width, height)).toBeGreaterThan(10);
  },
);
