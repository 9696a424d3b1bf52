-- Two partners for a local sandbox. Their keys are test_sandbox_a and test_sandbox_b: never apply this elsewhere.
INSERT OR IGNORE INTO partners (id, name, created_at) VALUES
  (1, 'Local partner A', '2025-01-01T00:00:00Z'),
  (2, 'Local partner B', '2025-01-01T00:00:00Z');
-- Not where an environment is: a reset has given it another dataset, and the first one is gone.
INSERT INTO datasets (id, partner_id, environment_id)
SELECT id, id, id FROM partners WHERE id IN (1, 2) AND id NOT IN (SELECT id FROM environments);
INSERT OR IGNORE INTO environments (id, partner_id, created_at, dataset_id) VALUES
  (1, 1, '2025-01-01T00:00:00Z', 1),
  (2, 2, '2025-01-01T00:00:00Z', 2);
INSERT INTO api_keys (environment_id, id, hash, last_four, created_at) VALUES
  (1, 1, '594a9b623fd18dbade8ef0f6db6ef4a926f9619ff512bb3d5511d07bd18b6834', 'ox_a', '2025-01-01T00:00:00Z'),
  (2, 1, '5d079234cbaa570d9d6dff9ea1ad4c73bf3df926768e86f9847aa4dbb34b8475', 'ox_b', '2025-01-01T00:00:00Z')
-- A start finds them working, also after a rotation was tried on them.
ON CONFLICT (hash) DO UPDATE SET deleted_at = NULL;
-- As a deployed sandbox does each hour.
PRAGMA optimize;
