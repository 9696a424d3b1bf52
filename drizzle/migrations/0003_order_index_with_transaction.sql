DROP INDEX `order_events_order_id`;--> statement-breakpoint
CREATE INDEX `order_events_order_id` ON `order_events` (`world_id`,`order_id`,`sequence`,`network_transaction_id`);