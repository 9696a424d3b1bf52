CREATE TABLE `api_keys` (
	`environment_id` integer NOT NULL,
	`id` integer NOT NULL,
	`hash` text NOT NULL,
	`last_four` text NOT NULL,
	`created_at` text NOT NULL,
	`created_by` integer,
	`deleted_at` text,
	`last_used_at` text,
	PRIMARY KEY(`environment_id`, `id`),
	FOREIGN KEY (`environment_id`) REFERENCES `environments`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `api_keys_hash` ON `api_keys` (`hash`);--> statement-breakpoint
CREATE INDEX `api_keys_active` ON `api_keys` (`environment_id`) WHERE "api_keys"."deleted_at" is null;--> statement-breakpoint
CREATE TABLE `datasets` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`partner_id` integer NOT NULL,
	`environment_id` integer DEFAULT 0 NOT NULL,
	`order_count` integer DEFAULT 0 NOT NULL,
	`order_event_count` integer DEFAULT 0 NOT NULL,
	`transaction_count` integer DEFAULT 0 NOT NULL,
	`stored_bytes` integer DEFAULT 0 NOT NULL,
	`closed_at` text,
	`recounted_at` text,
	FOREIGN KEY (`partner_id`) REFERENCES `partners`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `datasets_partner_id` ON `datasets` (`partner_id`);--> statement-breakpoint
CREATE INDEX `datasets_recounted_at` ON `datasets` (`recounted_at`) WHERE "datasets"."closed_at" is null;--> statement-breakpoint
CREATE INDEX `datasets_closed_at` ON `datasets` (`closed_at`) WHERE "datasets"."closed_at" is not null;--> statement-breakpoint
CREATE TABLE `environments` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`partner_id` integer NOT NULL,
	`name` text,
	`is_strict` integer DEFAULT false NOT NULL,
	`fixture` text DEFAULT 'empty' NOT NULL,
	`assume` text,
	`created_at` text NOT NULL,
	`expires_at` text,
	`dataset_id` integer,
	`has_faults` integer DEFAULT false NOT NULL,
	`has_webhooks` integer DEFAULT false NOT NULL,
	FOREIGN KEY (`partner_id`) REFERENCES `partners`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`dataset_id`) REFERENCES `datasets`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `environments_partner_id` ON `environments` (`partner_id`);--> statement-breakpoint
CREATE INDEX `environments_expires_at` ON `environments` (`expires_at`) WHERE "environments"."expires_at" is not null;--> statement-breakpoint
CREATE INDEX `environments_dataset_id` ON `environments` (`dataset_id`);--> statement-breakpoint
CREATE TABLE `idempotency_records` (
	`dataset_id` integer NOT NULL,
	`key` text NOT NULL,
	`fingerprint` text NOT NULL,
	`body` text NOT NULL,
	`version` integer,
	`created_at` text NOT NULL,
	PRIMARY KEY(`dataset_id`, `key`),
	FOREIGN KEY (`dataset_id`) REFERENCES `datasets`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `idempotency_records_created_at` ON `idempotency_records` (`created_at`);--> statement-breakpoint
CREATE TABLE `order_changes` (
	`dataset_id` integer NOT NULL,
	`order_id` text NOT NULL,
	`version` integer NOT NULL,
	`change` text NOT NULL,
	`order_event_id` text,
	`request_id` text NOT NULL,
	`changed_at` text NOT NULL,
	`total_order_amount` integer DEFAULT 0 NOT NULL,
	`total_rewards_amount` integer DEFAULT 0 NOT NULL,
	`captured_amount` integer DEFAULT 0 NOT NULL,
	`refunded_amount` integer DEFAULT 0 NOT NULL,
	`captured_rewards_amount` integer DEFAULT 0 NOT NULL,
	`refunded_rewards_amount` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`dataset_id`, `order_id`, `version`),
	FOREIGN KEY (`dataset_id`) REFERENCES `datasets`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `order_changes_deleted` ON `order_changes` (`changed_at`) WHERE "order_changes"."change" = 'DELETED';--> statement-breakpoint
CREATE TABLE `order_event_lines` (
	`dataset_id` integer NOT NULL,
	`order_event_id` text NOT NULL,
	`position` integer NOT NULL,
	`name` text NOT NULL,
	`product_url` text,
	`quantity` integer NOT NULL,
	`rate` integer NOT NULL,
	`rewards_rate` integer NOT NULL,
	PRIMARY KEY(`dataset_id`, `order_event_id`, `position`),
	FOREIGN KEY (`dataset_id`,`order_event_id`) REFERENCES `order_events`(`dataset_id`,`order_event_id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "order_event_lines_quantity" CHECK("order_event_lines"."quantity" >= 1)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `order_events` (
	`dataset_id` integer NOT NULL,
	`sequence` integer NOT NULL,
	`order_event_id` text NOT NULL,
	`order_id` text NOT NULL,
	`partner_event_id` text,
	`type` text NOT NULL,
	`amount` integer NOT NULL,
	`rewards_amount` integer NOT NULL,
	`currency` text NOT NULL,
	`network_transaction_id` text NOT NULL,
	`payment_method_id` text NOT NULL,
	`line_count` integer NOT NULL,
	`content_bytes` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`dataset_id`, `sequence`),
	FOREIGN KEY (`dataset_id`,`order_id`) REFERENCES `orders`(`dataset_id`,`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "order_events_amount" CHECK("order_events"."amount" between 0 and 9007199254740991),
	CONSTRAINT "order_events_rewards_amount" CHECK("order_events"."rewards_amount" between 0 and 9007199254740991)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `order_events_order_event_id` ON `order_events` (`dataset_id`,`order_event_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `order_events_partner_event_id` ON `order_events` (`dataset_id`,`partner_event_id`) WHERE "order_events"."partner_event_id" is not null;--> statement-breakpoint
CREATE INDEX `order_events_order_id` ON `order_events` (`dataset_id`,`order_id`,`sequence`,`network_transaction_id`);--> statement-breakpoint
CREATE INDEX `order_events_network_transaction_id` ON `order_events` (`dataset_id`,`network_transaction_id`);--> statement-breakpoint
CREATE INDEX `order_events_card` ON `order_events` (`dataset_id`,`network_transaction_id`,`currency`,`payment_method_id`);--> statement-breakpoint
CREATE TABLE `order_lines` (
	`dataset_id` integer NOT NULL,
	`order_id` text NOT NULL,
	`position` integer NOT NULL,
	`name` text NOT NULL,
	`product_url` text,
	`quantity` integer NOT NULL,
	`rate` integer NOT NULL,
	`rewards_rate` integer NOT NULL,
	PRIMARY KEY(`dataset_id`, `order_id`, `position`),
	FOREIGN KEY (`dataset_id`,`order_id`) REFERENCES `orders`(`dataset_id`,`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "order_lines_quantity" CHECK("order_lines"."quantity" >= 1)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `orders` (
	`dataset_id` integer NOT NULL,
	`sequence` integer NOT NULL,
	`version` integer NOT NULL,
	`id` text NOT NULL,
	`customer_id` text,
	`payment_method_id` text NOT NULL,
	`partner_order_id` text NOT NULL,
	`merchant_id` text,
	`merchant_name` text,
	`merchant_address` text,
	`total_order_amount` integer NOT NULL,
	`total_rewards_amount` integer NOT NULL,
	`currency` text NOT NULL,
	`created_at` text NOT NULL,
	`updated_at` text NOT NULL,
	`line_count` integer NOT NULL,
	`content_bytes` integer DEFAULT 0 NOT NULL,
	`event_count` integer DEFAULT 0 NOT NULL,
	`accepts_over_refunds` integer DEFAULT false NOT NULL,
	`captured_amount` integer DEFAULT 0 NOT NULL,
	`refunded_amount` integer DEFAULT 0 NOT NULL,
	`captured_rewards_amount` integer DEFAULT 0 NOT NULL,
	`refunded_rewards_amount` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`dataset_id`, `sequence`),
	FOREIGN KEY (`dataset_id`) REFERENCES `datasets`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "orders_total_order_amount" CHECK("orders"."total_order_amount" between 0 and 9007199254740991),
	CONSTRAINT "orders_total_rewards_amount" CHECK("orders"."total_rewards_amount" between 0 and 9007199254740991),
	CONSTRAINT "orders_captured_amount" CHECK("orders"."captured_amount" between 0 and 9007199254740991),
	CONSTRAINT "orders_captured_rewards_amount" CHECK("orders"."captured_rewards_amount" between 0 and 9007199254740991),
	CONSTRAINT "orders_refunded_amount" CHECK("orders"."refunded_amount" between 0 and iif("orders"."accepts_over_refunds", 9007199254740991, "orders"."captured_amount")),
	CONSTRAINT "orders_refunded_rewards_amount" CHECK("orders"."refunded_rewards_amount" between 0 and iif("orders"."accepts_over_refunds", 9007199254740991, "orders"."captured_rewards_amount"))
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `orders_id` ON `orders` (`dataset_id`,`id`);--> statement-breakpoint
CREATE INDEX `orders_partner_order_id` ON `orders` (`dataset_id`,`partner_order_id`);--> statement-breakpoint
CREATE TABLE `partners` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`created_at` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `readiness_verdicts` (
	`partner_id` integer PRIMARY KEY NOT NULL,
	`verdicts` text NOT NULL,
	FOREIGN KEY (`partner_id`) REFERENCES `partners`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `sweep_positions` (
	`name` text PRIMARY KEY NOT NULL,
	`dataset_id` integer NOT NULL,
	`sequence` integer NOT NULL,
	`transaction_id` text
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `notification_outbox` (
	`dataset_id` integer NOT NULL,
	`sequence` integer NOT NULL,
	`source` text NOT NULL,
	`body` text NOT NULL,
	PRIMARY KEY(`dataset_id`, `sequence`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `reconciliations` (
	`dataset_id` integer NOT NULL,
	`network_transaction_id` text NOT NULL,
	`created_at` text NOT NULL,
	`transaction_id` text,
	`card_status` text,
	`card_currency` text,
	`card_payment_method_id` text,
	`card_captured` integer DEFAULT 0 NOT NULL,
	`card_refunded` integer DEFAULT 0 NOT NULL,
	`event_captured` integer DEFAULT 0 NOT NULL,
	`event_refunded` integer DEFAULT 0 NOT NULL,
	`event_count` integer DEFAULT 0 NOT NULL,
	`has_other_currency` integer DEFAULT 0 NOT NULL,
	`has_other_payment_method` integer DEFAULT 0 NOT NULL,
	`findings` integer GENERATED ALWAYS AS (
  (transaction_id is null and event_count > 0)
  + 2 * ((card_captured > 0 and event_captured = 0) or (card_refunded > 0 and event_refunded = 0))
  + 4 * ((card_captured > 0 and event_captured > 0 and card_captured <> event_captured)
    or (card_refunded > 0 and event_refunded > 0 and card_refunded <> event_refunded))
  + 8 * (transaction_id is not null and has_other_currency)
  + 16 * (transaction_id is not null and has_other_payment_method)
  + 32 * (coalesce(card_status, '') = 'VOIDED' and event_count > 0)) VIRTUAL,
	PRIMARY KEY(`dataset_id`, `network_transaction_id`),
	FOREIGN KEY (`dataset_id`) REFERENCES `datasets`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `reconciliations_findings` ON `reconciliations` (`dataset_id`,`findings`,`created_at`) WHERE "reconciliations"."findings" <> 0;--> statement-breakpoint
CREATE TABLE `transaction_events` (
	`dataset_id` integer NOT NULL,
	`event_id` text NOT NULL,
	`transaction_id` text NOT NULL,
	`version` integer NOT NULL,
	`status` text NOT NULL,
	`amount` integer NOT NULL,
	`captured_event_id` text,
	`refunded_amount` integer NOT NULL,
	`created_at` text NOT NULL,
	`input` text NOT NULL,
	`is_id_given` integer NOT NULL,
	`content_bytes` integer NOT NULL,
	PRIMARY KEY(`dataset_id`, `transaction_id`, `event_id`),
	FOREIGN KEY (`dataset_id`,`transaction_id`) REFERENCES `transactions`(`dataset_id`,`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `transaction_events_event_id` ON `transaction_events` (`dataset_id`,`event_id`) WHERE "transaction_events"."is_id_given" = 1;--> statement-breakpoint
CREATE TABLE `transactions` (
	`dataset_id` integer NOT NULL,
	`id` text NOT NULL,
	`customer_id` text NOT NULL,
	`payment_method_id` text NOT NULL,
	`currency` text NOT NULL,
	`status` text NOT NULL,
	`network_transaction_id` text NOT NULL,
	`authorization_code` text,
	`purchase_method` text,
	`merchant` text,
	`authorized_amount` integer NOT NULL,
	`captured_amount` integer NOT NULL,
	`refunded_amount` integer NOT NULL,
	`version` integer NOT NULL,
	`created_at` text NOT NULL,
	`updated_at` text NOT NULL,
	`is_customer_given` integer NOT NULL,
	`content_bytes` integer NOT NULL,
	PRIMARY KEY(`dataset_id`, `id`),
	FOREIGN KEY (`dataset_id`) REFERENCES `datasets`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `transactions_customer_id` ON `transactions` (`dataset_id`,`customer_id`);--> statement-breakpoint
CREATE INDEX `transactions_payment_method_id` ON `transactions` (`dataset_id`,`payment_method_id`) WHERE "transactions"."is_customer_given" = 1;