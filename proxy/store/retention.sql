-- What the worker lapses and tidies. Every statement is one transaction, may be run again, and
-- leaves rows that somebody else holds for the next round.

-- lapse --
-- Ends reservations whose time has come, with a ledger entry each; answers how many. Holds win.
-- roles: api worker
-- $1 due at, $2 now, $3 500 ledger ids
WITH due AS (
  SELECT tenant_id, id FROM registration
  WHERE state = 'reserved' AND lapses_at <= $1 AND NOT hold
  ORDER BY lapses_at LIMIT 500 FOR UPDATE SKIP LOCKED
), ended AS (
  UPDATE registration SET state = 'ended', ended_at = $2, end_reason = 'lapsed',
         revision = revision + 1, changed_at = $2, lapses_at = NULL
  FROM due WHERE registration.tenant_id = due.tenant_id AND registration.id = due.id
  RETURNING registration.tenant_id, registration.id, registration.revision
), numbered AS (
  SELECT tenant_id, id, revision, row_number() OVER (ORDER BY tenant_id, id) AS number FROM ended
), noted AS (
  INSERT INTO ledger_entry (id, tenant_id, subject, kind, facts, at)
  SELECT ($3::uuid[])[number], tenant_id, id::text, 'registration_ended',
         jsonb_build_object('registration', id, 'revision', revision, 'state', 'ended',
                            'reason', 'lapsed'), $2
  FROM numbered
)
SELECT count(*) AS rows FROM ended;

-- erased --
-- Registrations that live and whose persons are erased: a restored copy has brought them back.
-- roles: api escrow operator vault worker
-- $1 limit
SELECT tenant_id, id, domain FROM registration
WHERE shredded_at IS NOT NULL AND state <> 'ended' ORDER BY tenant_id, id LIMIT $1;

-- end_erased --
-- Ends one of these again, with its publication; one row when it still lives.
-- roles: api worker
-- $1 tenant_id, $2 registration_id, $3 now, $4 ledger id
WITH ended AS (
  UPDATE registration SET state = 'ended', ended_at = $3, end_reason = coalesce(end_reason, 'error'),
         revision = revision + 1, changed_at = $3, lapses_at = NULL
  WHERE tenant_id = $1 AND id = $2 AND shredded_at IS NOT NULL AND state <> 'ended'
  RETURNING tenant_id, id, domain, revision, end_reason
), removed AS (
  UPDATE published SET value = NULL, pos = NULL
  FROM ended
  WHERE published.domain = ended.domain COLLATE "C" AND published.registration_id = ended.id
    AND published.value IS NOT NULL
), noted AS (
  INSERT INTO ledger_entry (id, tenant_id, subject, kind, facts, at)
  SELECT $4, tenant_id, id::text, 'registration_ended',
         jsonb_build_object('registration', id, 'revision', revision, 'state', 'ended',
                            'reason', end_reason), $3
  FROM ended
)
SELECT id FROM ended;

-- forget_answers --
-- Deletes remembered answers past their time; answers how many.
-- roles: api worker
-- $1 finished ones from before, $2 unfinished ones from before
WITH old AS (
  SELECT tenant_id, route, key_sha256 FROM idempotency
  WHERE created_at < $1 AND (status IS NOT NULL OR created_at < $2)
  ORDER BY created_at LIMIT 5000
), gone AS (
  DELETE FROM idempotency USING old
  WHERE idempotency.tenant_id = old.tenant_id AND idempotency.route = old.route
    AND idempotency.key_sha256 = old.key_sha256
  RETURNING 1
)
SELECT count(*) AS rows FROM gone;

-- forget_letters --
-- Deletes letters of no case that are done with, queued long ago; answers how many.
-- roles: worker
-- $1 queued before
WITH old AS (
  SELECT id FROM notice WHERE case_id IS NULL AND queued_at < $1 AND try_after IS NULL
  ORDER BY queued_at, id LIMIT 5000
), gone AS (
  DELETE FROM notice USING old WHERE notice.id = old.id RETURNING 1
)
SELECT count(*) AS rows FROM gone;

-- forget_operations --
-- Deletes operations that finished long ago, with their errors; answers how many.
-- roles: worker
-- $1 finished before
WITH old AS (
  SELECT tenant_id, id FROM operation
  WHERE state <> 'running' AND finished_at < $1
  ORDER BY finished_at LIMIT 20 FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM operation USING old
  WHERE operation.tenant_id = old.tenant_id AND operation.id = old.id
  RETURNING 1
)
SELECT count(*) AS rows FROM gone;
