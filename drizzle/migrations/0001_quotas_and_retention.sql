CREATE TABLE `sweep_positions` (
	`name` text PRIMARY KEY NOT NULL,
	`environment_id` integer NOT NULL,
	`sequence` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `environments` ADD `stored_bytes` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `order_events` ADD `content_bytes` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `orders` ADD `content_bytes` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `order_changes_deleted` ON `order_changes` (`changed_at`) WHERE "order_changes"."change" = 'DELETED';