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
