/** `npm run picture`: takes the README's screenshot of the console. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchIn, visit } from "./browser.ts";
import { freePort, Server } from "./server.ts";

const PICTURE = ".github/console.png";
const SIZE = { width: 1440, height: 800 };
const ORDER = "order-1042";

/** The number of requests that the console must list. */
let recorded = 0;
const folder = await mkdtemp(join(tmpdir(), "orders-sandbox-picture-"));
const [server, browser] = await Promise.all([
  new Server(await freePort(), join(folder, "state")).ready(),
  launchIn(join(folder, "browser")),
]);
try {
  await integrate();
  await visit(
    browser,
    `${server.url}/console`,
    { viewport: SIZE, colorScheme: "light" },
    async (page) => {
      await page.locator(".line", { hasText: "CONFLICT_ERROR" }).first().click();
      await page.locator(".refused .figures a").first().waitFor();
      await page
        .locator("[data-row]")
        .nth(recorded - 1)
        .waitFor();
      await page.screenshot({ path: PICTURE });
    },
  );
  console.log(PICTURE);
} finally {
  await browser.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

/** Sends what a typical integration sends, mistakes included. */
async function integrate(): Promise<void> {
  for (const [id, amount] of [
    ["order-1040", 12_900],
    ["order-1041", 4_550],
    [ORDER, 8_999],
  ] as const) {
    await send("orders", {
      id,
      partner_order_id: `web-${id.slice(-4)}`,
      payment_method_id: "pm-7",
      total_order_amount: amount,
    });
    await event(id, "CAPTURED", amount);
  }
  await event("order-1041", "REFUNDED", 1_500);
  await send("orders", {
    id: "order-1043",
    partner_order_id: "web-1043",
    payment_method_id: "pm-7",
    total_order_amount: 2_400,
    merchantname: "Rest Assured",
  });
  await post("/sandbox/faults", { fault: "lost_response", match: { order_id: "order-1043" } });
  await event("order-1043", "CAPTURED", 2_400).catch(() => undefined);
  await event("order-1043", "CAPTURED", 2_400);
  await event(ORDER, "REFUNDED", 3_000);
  await event(ORDER, "REFUNDED", 8_999);
}

function event(order_id: string, type: "CAPTURED" | "REFUNDED", amount: number): Promise<void> {
  const order_event_id = `${type === "CAPTURED" ? "capture" : "refund"}-${order_id.slice(-4)}-${amount}`;
  return send("order_events", {
    order_event_id,
    order_id,
    type,
    amount,
    network_transaction_id: "txn-1",
  });
}

function send(resource: string, body: object): Promise<void> {
  recorded += 1;
  return post(`/v2/${resource}`, body);
}

async function post(path: string, body: object): Promise<void> {
  await fetch(server.url + path, {
    method: "POST",
    headers: { Authorization: "Bearer test_sandbox_a", "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}
