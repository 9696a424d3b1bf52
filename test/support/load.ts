import { env } from "cloudflare:workers";

/** The number of orders with one partner_order_id, and of events with one order and transaction. */
export const SHARED = 200;

const NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)";

/**
 * Inserts orders o-1, o-2, … and as many events e-1, e-2, …, each with one line, directly into D1. The first
 * `sharedOrders` orders have the same partner_order_id. The first `sharedEvents` events have the same
 * order, o-1, and the same transaction.
 */
export async function loadOrders(
  datasetId: number,
  count: number,
  { sharedOrders = SHARED, sharedEvents = SHARED } = {},
): Promise<void> {
  const statements = [
    `${NUMBERS} INSERT INTO orders (dataset_id, sequence, id, version, payment_method_id, partner_order_id,
       total_order_amount, total_rewards_amount, currency, created_at, updated_at, line_count,
       event_count, captured_amount)
     SELECT ?1, i, 'o-' || i, 1, 'pm', iif(i <= ${sharedOrders}, 'po-shared', 'po-' || i), 1, 0, 'USD',
       '2025-01-01T00:00:00Z', '2025-01-01T00:00:00Z', 1,
       iif(i = 1, min(?2, ${sharedEvents}), i > ${sharedEvents}),
       iif(i = 1, min(?2, ${sharedEvents}), i > ${sharedEvents}) FROM n`,
    `${NUMBERS} INSERT INTO order_lines (dataset_id, order_id, position, name, quantity, rate, rewards_rate)
     SELECT ?1, 'o-' || i, 0, 'Line', 1, 1, 0 FROM n`,
    `${NUMBERS} INSERT INTO order_events (dataset_id, sequence, order_event_id, order_id, partner_event_id,
       type, amount, rewards_amount, currency, network_transaction_id, payment_method_id, line_count)
     SELECT ?1, i, 'e-' || i, iif(i <= ${sharedEvents}, 'o-1', 'o-' || i), 'pe-' || i, 'CAPTURED', 1, 0, 'USD',
       iif(i <= ${sharedEvents}, 'nt-shared', 'nt-' || i), 'pm', 1 FROM n`,
    `${NUMBERS} INSERT INTO reconciliations (dataset_id, network_transaction_id, created_at, event_captured,
       event_count)
     SELECT ?1, iif(i <= ${sharedEvents}, 'nt-shared', 'nt-' || i), '2025-01-01T00:00:00Z', count(*), count(*)
     FROM n GROUP BY 2`,
    `${NUMBERS} INSERT INTO order_event_lines (dataset_id, order_event_id, position, name, quantity, rate,
       rewards_rate)
     SELECT ?1, 'e-' || i, 0, 'Line', 1, 1, 0 FROM n`,
    "UPDATE datasets SET order_count = ?2, order_event_count = ?2 WHERE id = ?1",
  ];
  for (const statement of statements) {
    await env.DB.prepare(statement).bind(datasetId, count).run();
  }
}

/**
 * Transactions t-00000001, … with one capture each, straight into D1. The first SHARED have one customer, and for
 * them order events report twice the amount; all others agree.
 */
export async function loadTransactions(datasetId: number, count: number): Promise<void> {
  const id = "printf('t-%08d', i)";
  const statements = [
    `${NUMBERS} INSERT INTO transactions (dataset_id, id, customer_id, payment_method_id, currency, status,
       network_transaction_id, authorized_amount, captured_amount, refunded_amount, version, created_at,
       updated_at, is_customer_given, content_bytes)
     SELECT ?1, ${id}, iif(i <= ${SHARED}, 'customer-shared', 'customer-' || i), 'pm', 'USD', 'CAPTURED',
       'ct-' || i, 1, 1, 0, 1, '2025-01-01T00:00:00Z', '2025-01-01T00:00:00Z', 1, 0 FROM n`,
    `${NUMBERS} INSERT INTO transaction_events (dataset_id, event_id, transaction_id, version, status, amount,
       refunded_amount, created_at, input, is_id_given, content_bytes)
     SELECT ?1, 'ce-' || i, ${id}, 1, 'CAPTURED', 1, 0, '2025-01-01T00:00:00Z', '{}', 0, 0 FROM n`,
    `${NUMBERS} INSERT INTO reconciliations (dataset_id, network_transaction_id, created_at, transaction_id,
       card_status, card_currency, card_payment_method_id, card_captured, event_captured, event_count)
     SELECT ?1, 'ct-' || i, '2025-01-01T00:00:00Z', ${id}, 'CAPTURED', 'USD', 'pm', 1,
       iif(i <= ${SHARED}, 2, 1), 1 FROM n`,
    "UPDATE datasets SET transaction_count = ?2 WHERE id = ?1",
  ];
  for (const statement of statements) {
    await env.DB.prepare(statement).bind(datasetId, count).run();
  }
}
