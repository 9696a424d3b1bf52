/** Uses the client that orval generates. */
import { expectEqual } from "./expect.ts";
import { createOrder, deleteOrder, listOrders, postOrderEvent } from "./orval/client.ts";

const authorized = { headers: { Authorization: "Bearer test_sandbox_a" } };
const order = {
  id: "orval",
  payment_method_id: "pm-1",
  partner_order_id: "po-1",
  total_order_amount: 5000,
};
const created = await createOrder(order, authorized);
if (created.status !== 200) throw new Error(created.data.error.message);
expectEqual(created.data.total_order_amount, 5000);
const list = await listOrders({ id: order.id }, authorized);
expectEqual(list.status === 200 && list.data.data.length, 1);

const event = { order_id: order.id, amount: 6000, network_transaction_id: "nt-1" };
const refused = await postOrderEvent({ ...event, type: "REFUNDED" }, authorized);
if (refused.status !== 409) throw new Error(`Expected 409, but received ${refused.status}`);
expectEqual(refused.data.error.details?.["refundable"], 0);

const invalid = await createOrder({ ...order, total_order_amount: -1 }, authorized);
if (invalid.status !== 400) throw new Error(`Expected 400, but received ${invalid.status}`);
expectEqual(invalid.data.error.violations?.[0]?.param, "total_order_amount");
expectEqual((await deleteOrder(order.id, authorized)).status, 204);
