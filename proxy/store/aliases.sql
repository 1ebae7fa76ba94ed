-- count_former --
-- Former addresses of a registration under which mail is still taken.
-- roles: api escrow vault
-- $1 tenant_id, $2 registration_id, $3 now
SELECT count(*) FROM former_alias
WHERE tenant_id = $1 AND registration_id = $2 AND accepted_until > $3;

-- rotate --
-- Another address for a registration, in one statement; answers its id when it was as expected.
-- roles: api
-- $1 tenant_id, $2 now, $3 registration_id, $4 revision now, $5 new alias, $6 old alias,
--   $7 accepted_until, $8 published value or NULL
-- ledger: $9 id, $10 facts
-- idempotency: $11 route or NULL, $12 key hash, $13 body mac, $14 status, $15 headers, $16 response
WITH rotated AS (
  UPDATE registration SET alias = $5, revision = revision + 1, changed_at = $2
  WHERE tenant_id = $1 AND id = $3 AND revision = $4 AND ended_at IS NULL
  RETURNING id, domain
), lapsed AS (
  DELETE FROM former_alias USING rotated
  WHERE former_alias.tenant_id = $1 AND former_alias.registration_id = rotated.id
    AND former_alias.accepted_until <= $2
), kept AS (
  INSERT INTO former_alias (alias, tenant_id, registration_id, accepted_until)
  SELECT $6, $1, rotated.id, $7 FROM rotated
), shown AS (
  UPDATE published SET value = $8, pos = NULL
  FROM rotated
  WHERE published.domain = rotated.domain COLLATE "C" AND published.registration_id = rotated.id
    AND published.value IS NOT NULL AND $8::bytea IS NOT NULL
), noted AS (
  INSERT INTO ledger_entry (id, tenant_id, subject, kind, facts, at)
  SELECT $9, $1, rotated.id::text, 'registration_replaced', $10::jsonb, $2 FROM rotated
), remembered AS (
  INSERT INTO idempotency
    (tenant_id, route, key_sha256, body_mac, status, headers, response, created_at)
  SELECT $1, $11, $12, $13, $14, $15::jsonb, $16, $2 FROM rotated WHERE $11::text IS NOT NULL
)
SELECT id FROM rotated;
