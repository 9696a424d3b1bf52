CREATE TABLE `fault_counts` (
	`id` integer PRIMARY KEY NOT NULL,
	`counts` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `faults` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`fault` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `faults_id_unique` ON `faults` (`id`);--> statement-breakpoint
CREATE TABLE `request_details` (
	`sequence` integer PRIMARY KEY NOT NULL,
	`details` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `requests` (
	`sequence` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`bytes` integer NOT NULL,
	`request_id` text NOT NULL,
	`method` text NOT NULL,
	`path` text NOT NULL,
	`status` integer,
	`ms` integer NOT NULL,
	`order_id` text,
	`partner_order_id` text,
	`order_event_id` text,
	`partner_event_id` text,
	`network_transaction_id` text,
	`version_before` integer,
	`version_after` integer,
	`remarks` text NOT NULL,
	`trace` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `attempts` (
	`sequence` integer PRIMARY KEY NOT NULL,
	`notification` integer NOT NULL,
	`delivery_id` integer NOT NULL,
	`webhook_id` text NOT NULL,
	`at` integer NOT NULL,
	`url` text,
	`headers` text NOT NULL,
	`status` integer,
	`response_body` text,
	`ms` integer NOT NULL,
	`error` text,
	`next_at` integer
);
--> statement-breakpoint
CREATE INDEX `attempts_notification` ON `attempts` (`notification`);--> statement-breakpoint
CREATE TABLE `deliveries` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`notification` integer NOT NULL,
	`webhook_id` text NOT NULL,
	`status` text NOT NULL,
	`attempt_count` integer NOT NULL,
	`next_at` integer,
	`is_held` integer NOT NULL,
	`offered` integer
);
--> statement-breakpoint
CREATE INDEX `deliveries_notification` ON `deliveries` (`notification`);--> statement-breakpoint
CREATE INDEX `deliveries_due` ON `deliveries` (`webhook_id`,`offered`,`next_at`) WHERE "deliveries"."status" = 'pending';--> statement-breakpoint
CREATE TABLE `notifications` (
	`sequence` integer PRIMARY KEY NOT NULL,
	`changed` integer NOT NULL,
	`at` integer NOT NULL,
	`bytes` integer NOT NULL,
	`source` text,
	`object` text NOT NULL,
	`status` text,
	`transaction_id` text,
	`network_transaction_id` text,
	`event_id` text,
	`delivery_status` text NOT NULL,
	`attempt_count` integer NOT NULL,
	`fault` text,
	`body` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `notifications_source_unique` ON `notifications` (`source`);--> statement-breakpoint
CREATE INDEX `notifications_changed` ON `notifications` (`changed`);--> statement-breakpoint
CREATE TABLE `webhooks` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`webhook` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `webhooks_id_unique` ON `webhooks` (`id`);