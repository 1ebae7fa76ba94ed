-- Erasures: what is due, what is destroyed (vault.md, Shredding).

-- due_ended --
-- Ended registrations that may be forgotten, locked so that no hold comes between.
-- roles: api vault worker
-- $1 ended_until, $2 limit
SELECT tenant_id, id, state, record_version, hold, ended_at, end_reason FROM registration
WHERE state = 'ended' AND shredded_at IS NULL AND NOT hold
  AND (end_reason = 'lapsed' OR ended_at <= $1)
ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED;

-- due_superseded --
-- Registrations with superseded record versions that may be forgotten, and the newest of those.
-- roles: vault
-- $1 superseded_until, $2 limit
SELECT g.tenant_id, g.id, max(r.version) AS version
FROM sealed_record r
JOIN registration g ON g.tenant_id = r.tenant_id AND g.id = r.registration_id
WHERE r.superseded_at <= $1 AND r.wrapped_dek IS NOT NULL
  AND NOT g.hold AND r.version < g.record_version
  AND NOT EXISTS (SELECT FROM sealed_record newest
                  WHERE newest.tenant_id = g.tenant_id AND newest.registration_id = g.id
                    AND newest.version = g.record_version AND newest.kek_epoch IS NULL)
GROUP BY g.tenant_id, g.id ORDER BY g.tenant_id, g.id LIMIT $2;

-- lock_unheld --
-- Those of the given registrations that are not on hold, locked.
-- roles: api vault worker
-- $1 tenant_ids, $2 ids
SELECT g.tenant_id, g.id FROM registration g
JOIN unnest($1::uuid[], $2::uuid[]) AS n (tenant_id, id)
  ON g.tenant_id = n.tenant_id AND g.id = n.id
WHERE NOT g.hold ORDER BY g.tenant_id, g.id LIMIT 10000 FOR UPDATE OF g;

-- shred --
-- Destroys record and wrapped key of the given versions and all older ones.
-- roles: vault
-- $1 tenant_ids, $2 registration_ids, $3 versions
UPDATE sealed_record r
SET record = NULL, wrapped_dek = NULL, submission_id = NULL, kek_epoch = coalesce(r.kek_epoch, 0)
FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) AS n (tenant_id, registration_id, version)
WHERE r.tenant_id = n.tenant_id AND r.registration_id = n.registration_id
  AND r.version <= n.version AND r.wrapped_dek IS NOT NULL;

-- drop_blind_index --
-- Forgets the tokens of the given versions and all older ones.
-- roles: vault
-- $1 tenant_ids, $2 registration_ids, $3 versions
DELETE FROM blind_index b
USING unnest($1::uuid[], $2::uuid[], $3::integer[]) AS n (tenant_id, registration_id, version)
WHERE b.tenant_id = n.tenant_id AND b.registration_id = n.registration_id
  AND b.version <= n.version;

-- drop_empty_submissions --
-- Submissions whose last waiting record was destroyed.
-- roles: vault
-- $1 limit
DELETE FROM submission s WHERE (s.tenant_id, s.id) IN (
  SELECT tenant_id, id FROM submission c WHERE NOT EXISTS (
    SELECT FROM sealed_record r WHERE r.submission_id = c.id AND r.kek_epoch IS NULL
  ) ORDER BY id LIMIT $1
);

-- certify_erasures --
-- Erasures with the words of their certificate: gone now, gone from backups by a date.
-- roles: vault
-- $1 tenant_ids, $2 registration_ids, $3 versions, $4 erased_at, $5 backups_until
INSERT INTO erasure (tenant_id, registration_id, version, erased_at, backups_until)
SELECT n.tenant_id, n.registration_id, n.version, n.erased_at, n.backups_until
FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::timestamptz[], $5::timestamptz[])
  AS n (tenant_id, registration_id, version, erased_at, backups_until)
ON CONFLICT (tenant_id, registration_id, version) DO NOTHING;

-- mark_shredded --
-- Registrations of which nothing is left to open: ended ones, and those that a restored copy has
-- brought back (retention.sql, end_erased) unless the vault knows newer contacts than the copy.
-- roles: vault
-- $1 tenant_ids, $2 ids, $3 versions, $4 whether newer ones are known
UPDATE registration g SET shredded_at = now()
FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::boolean[])
  AS n (tenant_id, id, version, is_outlived)
WHERE g.tenant_id = n.tenant_id AND g.id = n.id AND g.shredded_at IS NULL
  AND g.record_version <= n.version AND (g.state = 'ended' OR NOT n.is_outlived);

-- held --
-- Those of the given registrations that are on hold.
-- roles: api escrow operator vault worker
-- $1 tenant_ids, $2 ids
SELECT g.tenant_id, g.id FROM registration g
JOIN unnest($1::uuid[], $2::uuid[]) AS n (tenant_id, id)
  ON g.tenant_id = n.tenant_id AND g.id = n.id
WHERE g.hold ORDER BY g.tenant_id, g.id LIMIT 10000;

-- certified --
-- Erasures behind a key, in its order.
-- roles: vault
-- $1 tenant_id, $2 registration_id, $3 version, $4 limit
SELECT tenant_id, registration_id, version, erased_at FROM erasure
WHERE (tenant_id, registration_id, version) > ($1, $2, $3)
ORDER BY tenant_id, registration_id, version LIMIT $4;
