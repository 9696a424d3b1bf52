/** Uses the client that @hey-api/openapi-ts generates. */
import { expectEqual } from "./expect.ts";
import { createOrder, deleteOrder, listOrders, postOrderEvent, putOrder } from "./hey-api/index.ts";
import { client } from "./hey-api/client.gen.ts";

// The URL is the document's own, and the generator chooses the authentication scheme.
client.setConfig({ auth: () => "test_sandbox_a" });

const order = {
  id: "hey-api",
  payment_method_id: "pm-1",
  partner_order_id: "po-1",
  total_order_amount: 5000,
};
const created = await createOrder({ body: order });
expectEqual(created.data?.total_order_amount, 5000);
expectEqual((await listOrders({ query: { id: order.id } })).data?.data.length, 1);

const event = { order_id: order.id, amount: 6000, network_transaction_id: "nt-1" };
const refused = await postOrderEvent({ body: { ...event, type: "REFUNDED" } });
expectEqual(refused.error?.error.type, "CONFLICT_ERROR");
expectEqual(refused.error?.error.details?.["refundable"], 0);

const invalid = await createOrder({ body: { ...order, total_order_amount: -1 } });
expectEqual(invalid.error?.error.violations?.[0]?.param, "total_order_amount");

const path = { order_id: order.id };
const headers = { "If-Match": created.response?.headers.get("ETag") ?? "" };
const replaced = await putOrder({ path, headers, body: { ...order, merchant_name: "Oak" } });
expectEqual(replaced.data?.merchant_name, "Oak");
const stale = await deleteOrder({ path, headers });
expectEqual(stale.error?.error.type, "PRECONDITION_FAILED_ERROR");
expectEqual((await deleteOrder({ path })).response?.status, 204);
