-- begin --
-- A new import.
-- roles: api
-- $1 tenant_id, $2 id, $3 now, $4 reseller whose key it is, or NULL
INSERT INTO operation (tenant_id, id, kind, state, started_at, touched_at, reseller)
VALUES ($1, $2, 'import', 'running', $3, $3, $4)
ON CONFLICT DO NOTHING
RETURNING id;

-- resume --
-- Takes up an import that was interrupted; answers how many lines are dealt with.
-- roles: api worker
-- $1 tenant_id, $2 id, $3 now, $4 reseller whose key it is, or NULL: the one that began it
UPDATE operation SET state = 'running', reason = NULL, finished_at = NULL, touched_at = $3
WHERE tenant_id = $1 AND id = $2 AND state = 'failed' AND reason = 'interrupted'
  AND reseller IS NOT DISTINCT FROM $4
RETURNING done, failed;

-- name_lines --
-- Notes the names of a batch; answers those the file has not named before.
-- roles: api
-- $1 tenant_id, $2 operation_id, $3 domains
INSERT INTO import_name (tenant_id, operation_id, domain)
SELECT $1, $2, row.domain FROM unnest($3::text[]) AS row (domain)
ON CONFLICT DO NOTHING
RETURNING domain;

-- advance --
-- Moves the counters of a running import; answers nothing where it no longer runs.
-- roles: api worker
-- $1 tenant_id, $2 id, $3 lines dealt with, $4 of them failed, $5 now
UPDATE operation SET done = done + $3, failed = failed + $4, touched_at = $5
WHERE tenant_id = $1 AND id = $2 AND state = 'running'
RETURNING done;

-- add_errors --
-- Why lines failed.
-- roles: api
-- $1 tenant_id, $2 operation_id, $3 lines, $4 codes, $5 faults
INSERT INTO operation_error (tenant_id, operation_id, line, code, faults)
SELECT $1, $2, row.line, row.code, row.faults::jsonb
FROM unnest($3::bigint[], $4::text[], $5::text[]) AS row (line, code, faults);

-- absent --
-- How many live names of the tenant, or of one of its resellers, the file did not mention. Each is
-- looked up by itself: a plan that joins, made while the file was thought small, reads all names
-- of the file for each name of the tenant.
-- roles: api
-- $1 tenant_id, $2 operation_id, $3 reseller or NULL
SELECT count(*) AS absent FROM registration kept
WHERE kept.tenant_id = $1 AND kept.state <> 'ended'
  AND ($3::text IS NULL OR kept.declared ->> 'reseller' = $3)
  AND (SELECT true FROM import_name named
       WHERE named.tenant_id = $1 AND named.operation_id = $2 AND named.domain = kept.domain
      ) IS NULL;

-- finish --
-- The end of an import, and of its list of names.
-- roles: api
-- $1 tenant_id, $2 id, $3 state, $4 reason or NULL, $5 absent or NULL, $6 now
WITH forgotten AS (
  DELETE FROM import_name WHERE tenant_id = $1 AND operation_id = $2 AND $3 = 'succeeded'
)
UPDATE operation SET state = $3, reason = $4, absent = $5, finished_at = $6, touched_at = $6,
       total = CASE WHEN $3 = 'succeeded' THEN done END
WHERE tenant_id = $1 AND id = $2 AND state = 'running';

-- interrupt --
-- Imports nobody has touched for a while: their process is gone.
-- roles: api worker
-- $1 now, $2 touched before
UPDATE operation SET state = 'failed', reason = 'interrupted', finished_at = $1
WHERE state = 'running' AND touched_at < $2;

-- find --
-- One operation; a reseller finds its own alone.
-- roles: api operator worker
-- $1 tenant_id, $2 id, $3 reseller or NULL
SELECT id, state, total, done, failed, absent, reason
FROM operation
WHERE tenant_id = $1 AND id = $2 AND ($3::text IS NULL OR reseller = $3);

-- errors --
-- Lines that failed, in order, after a line.
-- roles: api worker
-- $1 tenant_id, $2 operation_id, $3 after line, $4 limit
SELECT line, code, faults FROM operation_error
WHERE tenant_id = $1 AND operation_id = $2 AND line > $3
ORDER BY line LIMIT $4;

-- forget_names --
-- Drops the lists of names of imports that nobody took up again within a day.
-- roles: api
-- $1 finished before
DELETE FROM import_name USING operation
WHERE operation.tenant_id = import_name.tenant_id AND operation.id = import_name.operation_id
  AND operation.state <> 'running' AND operation.finished_at < $1;
