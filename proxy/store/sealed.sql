-- Sealed records, intake keys and blind indexes (vault.md). Bytes are opaque here.

-- newest_intake_key --
-- The intake key to seal with.
-- roles: api operator vault web
-- no arguments
SELECT id, public_key, not_before, not_after, signature FROM intake_key ORDER BY id DESC LIMIT 1;

-- publish_intake_key --
-- An intake key for API hosts to find; again is no harm.
-- roles: vault
-- $1 id, $2 public_key, $3 not_before, $4 not_after, $5 signature
INSERT INTO intake_key (id, public_key, not_before, not_after, signature)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING;

-- unused_intake_keys --
-- Those of the given intake keys that no waiting submission needs.
-- roles: vault
-- $1 ids
SELECT n.id FROM unnest($1::bigint[]) AS n (id)
WHERE NOT EXISTS (SELECT FROM submission s WHERE s.intake_key_id = n.id)
ORDER BY n.id LIMIT 1000;

-- drop_intake_keys --
-- Intake keys that were destroyed.
-- roles: vault
-- $1 ids
DELETE FROM intake_key WHERE id = ANY($1::bigint[]);

-- pending --
-- Records that wait for adoption, oldest submission first, with their submission.
-- roles: vault
-- $1 limit
SELECT r.tenant_id, r.registration_id, r.class, r.version, r.record, r.wrapped_dek,
  r.submission_id, s.intake_key_id, s.encapsulation, s.signer_id, s.signature
FROM (
  SELECT tenant_id, registration_id, class, version, record, wrapped_dek, submission_id
  FROM sealed_record
  WHERE kek_epoch IS NULL AND failed IS NULL AND wrapped_dek IS NOT NULL
  ORDER BY submission_id LIMIT $1
) r LEFT JOIN submission s ON s.tenant_id = r.tenant_id AND s.id = r.submission_id
ORDER BY r.submission_id;

-- adopt --
-- Moves records under a KEK.
-- roles: vault
-- $1 tenant_ids, $2 registration_ids, $3 classes, $4 versions, $5 wrapped, $6 epochs
UPDATE sealed_record r SET wrapped_dek = n.wrapped, kek_epoch = n.epoch, submission_id = NULL
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::bytea[], $6::integer[])
  AS n (tenant_id, registration_id, class, version, wrapped, epoch)
WHERE r.tenant_id = n.tenant_id AND r.registration_id = n.registration_id AND r.class = n.class
  AND r.version = n.version AND r.kek_epoch IS NULL AND r.wrapped_dek IS NOT NULL;

-- mark_failed --
-- Names the reason why records were not adopted; they wait for the operator.
-- roles: vault
-- $1 tenant_ids, $2 registration_ids, $3 classes, $4 versions, $5 reasons
UPDATE sealed_record r SET failed = n.reason
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::text[])
  AS n (tenant_id, registration_id, class, version, reason)
WHERE r.tenant_id = n.tenant_id AND r.registration_id = n.registration_id AND r.class = n.class
  AND r.version = n.version AND r.kek_epoch IS NULL;

-- retry_failed --
-- Lets failed adoptions be tried again, by the operator's word.
-- roles: vault
-- no arguments
UPDATE sealed_record SET failed = NULL WHERE kek_epoch IS NULL AND failed IS NOT NULL;

-- fill_blind_index --
-- Tokens of the newest adopted version; 16 octets each, joined; and how many contacts it holds.
-- roles: vault
-- $1 tenant_ids, $2 registration_ids, $3 versions, $4 joined, $5 contacts
INSERT INTO blind_index AS b (tenant_id, registration_id, version, tokens, contacts)
SELECT n.tenant_id, n.registration_id, n.version, ARRAY(
  SELECT substring(n.joined FROM i * 16 + 1 FOR 16)
  FROM generate_series(0, length(n.joined) / 16 - 1) AS i
), n.contacts
FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::bytea[], $5::bigint[])
  AS n (tenant_id, registration_id, version, joined, contacts)
ON CONFLICT (tenant_id, registration_id) DO UPDATE
  SET version = excluded.version, tokens = excluded.tokens, contacts = excluded.contacts WHERE excluded.version > b.version;

-- drop_submissions --
-- Submissions of which no record waits any more.
-- roles: vault
-- $1 tenant_ids, $2 ids
DELETE FROM submission s USING unnest($1::uuid[], $2::uuid[]) AS n (tenant_id, id)
WHERE s.tenant_id = n.tenant_id AND s.id = n.id AND NOT EXISTS (
  SELECT FROM sealed_record r WHERE r.submission_id = s.id AND r.kek_epoch IS NULL
);

-- count_waiting --
-- How many records wait for adoption, and how many failed.
-- roles: escrow operator vault
-- no arguments
SELECT count(*) FILTER (WHERE failed IS NULL) AS waiting,
  count(*) FILTER (WHERE failed IS NOT NULL) AS failed
FROM sealed_record WHERE kek_epoch IS NULL;

-- stale --
-- Living records under an older epoch than the target, in order of their key.
-- roles: vault
-- $1 target_epoch, $2 tenant_id, $3 registration_id, $4 class, $5 version, $6 limit
SELECT tenant_id, registration_id, class, version, record, wrapped_dek, kek_epoch
FROM sealed_record
WHERE kek_epoch < $1 AND wrapped_dek IS NOT NULL
  AND (tenant_id, registration_id, class, version) > ($2, $3, $4, $5)
ORDER BY tenant_id, registration_id, class, version LIMIT $6;

-- count_stale --
-- How many living records are under an older epoch than the target.
-- roles: vault
-- $1 target_epoch
SELECT count(*) FROM sealed_record WHERE kek_epoch < $1 AND wrapped_dek IS NOT NULL;

-- rewrap --
-- Moves records to another epoch; a record that is NULL keeps its bytes. Says which moved.
-- roles: vault
-- $1 tenant_ids, $2 registration_ids, $3 classes, $4 versions, $5 from, $6 to, $7 wrapped, $8 records
UPDATE sealed_record r
SET wrapped_dek = n.wrapped, kek_epoch = n.target, record = coalesce(n.record, r.record)
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::integer[], $6::integer[],
    $7::bytea[], $8::bytea[])
  AS n (tenant_id, registration_id, class, version, origin, target, wrapped, record)
WHERE r.tenant_id = n.tenant_id AND r.registration_id = n.registration_id AND r.class = n.class
  AND r.version = n.version AND r.kek_epoch = n.origin AND r.wrapped_dek IS NOT NULL
RETURNING r.tenant_id, r.registration_id, r.class, r.version;

-- lock_changes --
-- Waits for whoever moves records, and keeps others from it until the transaction ends.
-- roles: api edge operator vault worker
-- $1 key of the advisory lock
SELECT pg_advisory_xact_lock($1);

-- find_records --
-- Records by name, shredded ones left out.
-- roles: vault
-- $1 tenant_ids, $2 registration_ids, $3 classes, $4 versions
SELECT r.tenant_id, r.registration_id, r.class, r.version, r.record, r.wrapped_dek, r.kek_epoch
FROM sealed_record r
JOIN unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[])
  AS n (tenant_id, registration_id, class, version)
  ON r.tenant_id = n.tenant_id AND r.registration_id = n.registration_id AND r.class = n.class
  AND r.version = n.version
WHERE r.wrapped_dek IS NOT NULL
ORDER BY r.tenant_id, r.registration_id LIMIT 10000;

-- note_rotation --
-- Shows a rotation and its progress to whoever may look.
-- roles: vault
-- $1 id, $2 kind, $3 started_at, $4 finished_at, $5 total, $6 done, $7 target_epoch
INSERT INTO key_rotation (id, kind, started_at, finished_at, total, done, target_epoch)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO UPDATE SET finished_at = excluded.finished_at, done = excluded.done;

-- used_epochs --
-- Those of the given epochs that a living record is under.
-- roles: vault
-- $1 classes, $2 epochs
SELECT n.class, n.epoch FROM unnest($1::text[], $2::integer[]) AS n (class, epoch)
WHERE EXISTS (
  SELECT FROM sealed_record r
  WHERE r.class = n.class AND r.kek_epoch = n.epoch AND r.wrapped_dek IS NOT NULL
) ORDER BY n.class, n.epoch LIMIT 10000;

-- count_epochs --
-- Living records per class and epoch.
-- roles: vault
-- no arguments
SELECT class, kek_epoch, count(*) AS records FROM sealed_record
WHERE kek_epoch IS NOT NULL AND wrapped_dek IS NOT NULL
GROUP BY class, kek_epoch ORDER BY class, kek_epoch LIMIT 10000;

-- page --
-- Adopted living records behind a key, to be checked.
-- roles: vault
-- $1 tenant_id, $2 registration_id, $3 class, $4 version, $5 limit
SELECT tenant_id, registration_id, class, version, record, wrapped_dek, kek_epoch
FROM sealed_record
WHERE kek_epoch IS NOT NULL AND wrapped_dek IS NOT NULL
  AND (tenant_id, registration_id, class, version) > ($1, $2, $3, $4)
ORDER BY tenant_id, registration_id, class, version LIMIT $5;

-- sample --
-- About a given share, in per cent of the table's pages, of the adopted living records.
-- roles: vault
-- $1 percent, $2 limit
SELECT tenant_id, registration_id, class, version, record, wrapped_dek, kek_epoch
FROM sealed_record TABLESAMPLE SYSTEM ($1)
WHERE kek_epoch IS NOT NULL AND wrapped_dek IS NOT NULL
ORDER BY registration_id LIMIT $2;
