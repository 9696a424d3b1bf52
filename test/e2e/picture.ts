/** `npm run picture`: takes the README's screenshot of the console. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchIn, visit } from "./browser.ts";
import { freePort, Server } from "./server.ts";

const PICTURE = ".github/console.png";
const SIZE = { width: 1440, height: 800 };
const ORDER = "order-1042";

const folder = await mkdtemp(join(tmpdir(), "orders-sandbox-picture-"));
const [server, browser] = await Promise.all([
  new Server(await freePort(), join(folder, "state")).ready(),
  launchIn(join(folder, "browser")),
]);
try {
  await integrate();
  const options = { viewport: SIZE, colorScheme: "light" } as const;
  await visit(browser, `${server.url}/console/orders/${ORDER}`, options, async (page) => {
    await page.locator(".sides mark").waitFor();
    await page.locator(".timeline .refused").waitFor();
    await page.locator("[data-row]", { hasText: "1043" }).getByText("1 fault").waitFor();
    await page.screenshot({ path: PICTURE });
  });
  console.log(PICTURE);
} finally {
  await browser.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

/** Sends what an integration would, mistakes included. */
async function integrate(): Promise<void> {
  await createOrder(1040, 12_900, "captured");
  await event(1040, "CAPTURED", 12_900);
  await createOrder(1041, 4_550, "captured");
  await event(1041, "CAPTURED", 4_550);
  await event(1041, "CAPTURED", 4_550, "capture-1041-again");
  await createOrder(1043, 2_400, "captured_in_two", { merchantname: "Rest Assured" });
  const lost = { fault: "lost_response", match: { order_id: "order-1043" } };
  await post("/sandbox/faults", lost);
  await event(1043, "CAPTURED", 2_400).catch(() => undefined);
  await event(1043, "CAPTURED", 2_400);
  await createOrder(1042, 8_999, "partly_refunded");
  await event(1042, "CAPTURED", 8_999);
  await event(1042, "REFUNDED", 3_000);
  await event(1042, "REFUNDED", 8_999);
}

async function createOrder(number: number, amount: number, story: string, more = {}) {
  const card = { payment_method_id: "pm-7", network_transaction_id: `txn-${number}` };
  await post("/sandbox/transactions", { ...card, story, amount });
  await post("/v2/orders", {
    id: `order-${number}`,
    partner_order_id: `web-${number}`,
    payment_method_id: "pm-7",
    total_order_amount: amount,
    ...more,
  });
}

function event(
  number: number,
  type: "CAPTURED" | "REFUNDED",
  amount: number,
  id = `${type === "CAPTURED" ? "capture" : "refund"}-${number}-${amount}`,
): Promise<void> {
  return post("/v2/order_events", {
    order_event_id: id,
    order_id: `order-${number}`,
    type,
    amount,
    network_transaction_id: `txn-${number}`,
  });
}

async function post(path: string, body: object): Promise<void> {
  await fetch(server.url + path, {
    method: "POST",
    headers: { Authorization: "Bearer test_sandbox_a", "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}
