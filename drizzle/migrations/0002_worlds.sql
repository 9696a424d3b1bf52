-- What was an environment is a world now: what orders belong to. An environment has a current one.
ALTER TABLE `environments` RENAME TO `worlds`;
--> statement-breakpoint
DROP INDEX `environments_partner_id`;--> statement-breakpoint
ALTER TABLE `worlds` ADD `environment_id` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `worlds` ADD `closed_at` text;--> statement-breakpoint
UPDATE `worlds` SET `environment_id` = `id`;--> statement-breakpoint
CREATE INDEX `worlds_partner_id` ON `worlds` (`partner_id`);--> statement-breakpoint
CREATE INDEX `worlds_closed_at` ON `worlds` (`closed_at`) WHERE "worlds"."closed_at" is not null;--> statement-breakpoint
CREATE TABLE `environments` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`partner_id` integer NOT NULL,
	`name` text,
	`is_strict` integer DEFAULT false NOT NULL,
	`fixture` text DEFAULT 'empty' NOT NULL,
	`created_at` text NOT NULL,
	`expires_at` text,
	`world_id` integer,
	`reset_at` integer DEFAULT 0 NOT NULL,
	`is_armed` integer DEFAULT false NOT NULL,
	FOREIGN KEY (`partner_id`) REFERENCES `partners`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`world_id`) REFERENCES `worlds`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `environments_partner_id` ON `environments` (`partner_id`);--> statement-breakpoint
CREATE INDEX `environments_expires_at` ON `environments` (`expires_at`) WHERE "environments"."expires_at" is not null;--> statement-breakpoint
CREATE INDEX `environments_world_id` ON `environments` (`world_id`);--> statement-breakpoint
INSERT INTO `environments` (`id`, `partner_id`, `created_at`, `world_id`)
SELECT `worlds`.`id`, `partner_id`, `created_at`, `worlds`.`id`
FROM `worlds` JOIN `partners` ON `partners`.`id` = `partner_id`;
--> statement-breakpoint
-- A number that a removed one had is not used again.
DELETE FROM `sqlite_sequence` WHERE `name` = 'environments';--> statement-breakpoint
INSERT INTO `sqlite_sequence` SELECT 'environments', `seq` FROM `sqlite_sequence` WHERE `name` = 'worlds';
--> statement-breakpoint
-- A key opens an environment, not a world.
CREATE TABLE `__new_api_keys` (
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
INSERT INTO `__new_api_keys` (`environment_id`, `id`, `hash`, `last_four`, `created_at`, `created_by`, `deleted_at`, `last_used_at`)
SELECT `environment_id`, `id`, `hash`, `last_four`, `created_at`, `created_by`, `deleted_at`, `last_used_at` FROM `api_keys`;
--> statement-breakpoint
DROP TABLE `api_keys`;--> statement-breakpoint
ALTER TABLE `__new_api_keys` RENAME TO `api_keys`;--> statement-breakpoint
CREATE UNIQUE INDEX `api_keys_hash` ON `api_keys` (`hash`);--> statement-breakpoint
CREATE INDEX `api_keys_active` ON `api_keys` (`environment_id`) WHERE "api_keys"."deleted_at" is null;--> statement-breakpoint
ALTER TABLE `orders` RENAME COLUMN `environment_id` TO `world_id`;--> statement-breakpoint
ALTER TABLE `order_lines` RENAME COLUMN `environment_id` TO `world_id`;--> statement-breakpoint
ALTER TABLE `order_events` RENAME COLUMN `environment_id` TO `world_id`;--> statement-breakpoint
ALTER TABLE `order_event_lines` RENAME COLUMN `environment_id` TO `world_id`;--> statement-breakpoint
ALTER TABLE `order_changes` RENAME COLUMN `environment_id` TO `world_id`;--> statement-breakpoint
ALTER TABLE `idempotency_records` RENAME COLUMN `environment_id` TO `world_id`;--> statement-breakpoint
ALTER TABLE `sweep_positions` RENAME COLUMN `environment_id` TO `world_id`;--> statement-breakpoint
ALTER TABLE `order_changes` ADD `total_order_amount` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `order_changes` ADD `total_rewards_amount` integer DEFAULT 0 NOT NULL;