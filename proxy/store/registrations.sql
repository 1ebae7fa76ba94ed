-- find --
-- The live registration under each name, whether another tenant speaks for it, and its record.
-- roles: api operator worker
-- $1 tenant_id, $2 domains
SELECT asked.domain AS asked_domain,
       live.id, live.state, live.revision, live.declared, live.reference, live.alias,
       live.record_version, live.contacts_mac, live.enrolled_at, live.lapses_at, live.ended_at,
       live.end_reason, shown.value, other.speaks IS NOT NULL AS spoken_elsewhere
FROM unnest($2::text[]) AS asked (domain)
LEFT JOIN LATERAL (
  SELECT kept.id, kept.state, kept.revision, kept.declared, kept.reference, kept.alias,
         kept.record_version, kept.contacts_mac, kept.enrolled_at, kept.lapses_at,
         kept.ended_at, kept.end_reason
  FROM registration kept
  WHERE kept.tenant_id = $1 AND kept.domain = asked.domain AND kept.state <> 'ended'
  LIMIT 1
) live ON true
LEFT JOIN LATERAL (
  SELECT journal.value FROM published journal
  WHERE journal.domain = asked.domain COLLATE "C" AND journal.registration_id = live.id
  LIMIT 1
) shown ON true
LEFT JOIN LATERAL (
  SELECT true AS speaks FROM registration kept
  WHERE kept.domain = asked.domain AND kept.state IN ('active', 'ending')
    AND kept.tenant_id <> $1
  LIMIT 1
) other ON true;

-- find_by_id --
-- One registration, ended or not, with its published value.
-- roles: api operator worker
-- $1 tenant_id, $2 registration_id
SELECT kept.id, kept.state, kept.revision, kept.declared, kept.reference, kept.alias,
       kept.record_version, kept.contacts_mac, kept.enrolled_at, kept.lapses_at, kept.ended_at,
       kept.end_reason, shown.value
FROM registration kept
LEFT JOIN published shown
  ON shown.domain = kept.domain COLLATE "C" AND shown.tenant_id = kept.tenant_id
 AND shown.registration_id = kept.id
WHERE kept.tenant_id = $1 AND kept.id = $2;

-- list --
-- Registrations in id order after a given id, changed since a moment.
-- roles: api operator worker
-- $1 tenant_id, $2 after id, $3 changed since or NULL, $4 reseller or NULL, $5 limit
SELECT kept.id, kept.state, kept.revision, kept.declared, kept.reference, kept.alias,
       kept.record_version, kept.contacts_mac, kept.enrolled_at, kept.lapses_at, kept.ended_at,
       kept.end_reason, shown.value
FROM registration kept
LEFT JOIN published shown
  ON shown.domain = kept.domain COLLATE "C" AND shown.tenant_id = kept.tenant_id
 AND shown.registration_id = kept.id
WHERE kept.tenant_id = $1 AND kept.id > $2
  AND ($3::timestamptz IS NULL OR kept.changed_at >= $3)
  AND ($4::text IS NULL OR kept.declared ->> 'reseller' = $4)
ORDER BY kept.id
LIMIT $5;

-- status --
-- Whether the vault has adopted the newest contacts, and whether the record is in the journal.
-- roles: api operator
-- $1 tenant_id, $2 registration_id
SELECT NOT EXISTS (SELECT 1 FROM sealed_record sealed
                   WHERE sealed.tenant_id = kept.tenant_id AND sealed.registration_id = kept.id
                     AND sealed.version = kept.record_version AND sealed.kek_epoch IS NULL
                  ) AS adopted,
       EXISTS (SELECT 1 FROM published shown
               WHERE shown.domain = kept.domain COLLATE "C" AND shown.registration_id = kept.id
                 AND shown.value IS NOT NULL AND shown.pos IS NOT NULL) AS published
FROM registration kept
WHERE kept.tenant_id = $1 AND kept.id = $2;

-- write --
-- Everything a PUT or a batch of import lines changes, in one statement; answers rows written.
-- Rows are found one by one in key order: a plan made while the tables were empty takes any index
-- for as good as any other, and would read all names of the tenant for every row. A row that
-- changes meanwhile has another revision, which is checked again on the newer version; it is then
-- left out of the count.
-- roles: api
-- $1 tenant_id, $2 now
-- new: $3 ids, $4 domains, $5 states, $6 declared, $7 references, $8 aliases, $9 macs,
--   $10 lapses_at, $11 ids that end for them
-- changed: $12 ids, $13 revisions now, $14 states, $15 declared, $16 references, $17 aliases,
--   $18 record versions, $19 macs
-- sealed: $20 submission_id, $21 intake_key_id, $22 encapsulation, $23 signer_id, $24 signature,
--   $25 registration_ids, $26 classes, $27 versions, $28 records, $29 wrapped keys
-- published: $30 domains, $31 registration_ids, $32 values; $33 removed registration_ids
-- ledger: $34 ids, $35 subjects, $36 kinds, $37 facts
-- idempotency: $38 routes, $39 key hashes, $40 body macs, $41 statuses, $42 headers, $43 responses
WITH ended AS (
  UPDATE registration kept SET
    state = 'ended', ended_at = $2, end_reason = 'replaced',
    revision = kept.revision + 1, changed_at = $2, lapses_at = NULL
  FROM unnest($11::uuid[]) AS row (id), LATERAL (
    SELECT one.ctid, one.tenant_id, one.id FROM registration one
    WHERE (one.tenant_id, one.id) >= ($1, row.id) ORDER BY one.tenant_id, one.id LIMIT 1
  ) AS place
  WHERE place.tenant_id = $1 AND place.id = row.id AND kept.ctid = place.ctid
    AND kept.ended_at IS NULL
  RETURNING kept.id
), changed AS (
  UPDATE registration kept SET
    state = row.state, declared = row.declared::jsonb, reference = row.reference,
    alias = row.alias, record_version = row.record_version, contacts_mac = row.mac,
    revision = kept.revision + 1, changed_at = $2, end_reason = NULL,
    lapses_at = CASE WHEN row.state = 'reserved' THEN kept.lapses_at END
  FROM unnest($12::uuid[], $13::int[], $14::text[], $15::text[], $16::text[], $17::text[],
              $18::int[], $19::bytea[])
    AS row (id, revision, state, declared, reference, alias, record_version, mac), LATERAL (
    SELECT one.ctid, one.tenant_id, one.id, one.alias FROM registration one
    WHERE (one.tenant_id, one.id) >= ($1, row.id) ORDER BY one.tenant_id, one.id LIMIT 1
  ) AS place
  WHERE place.tenant_id = $1 AND place.id = row.id AND kept.ctid = place.ctid
    AND kept.revision = row.revision
  RETURNING kept.id, kept.record_version, kept.alias <> place.alias AS has_another_holder
), enrolled AS (
  INSERT INTO registration
    (tenant_id, id, domain, state, revision, declared, reference, alias, record_version,
     contacts_mac, enrolled_at, changed_at, lapses_at)
  SELECT $1, row.id, row.domain, row.state, 1, row.declared::jsonb, row.reference, row.alias, 1,
         row.mac, $2, $2, row.lapses_at
  FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
              $9::bytea[], $10::timestamptz[])
    AS row (id, domain, state, declared, reference, alias, mac, lapses_at)
  WHERE (SELECT count(*) FROM ended) = cardinality($11::uuid[])
    AND (SELECT count(*) FROM changed) = cardinality($12::uuid[])
  RETURNING id
), counted AS (
  SELECT (SELECT count(*) FROM enrolled) + (SELECT count(*) FROM changed) AS rows
), whole AS (
  SELECT rows FROM counted WHERE rows = cardinality($3::uuid[]) + cardinality($12::uuid[])
), submitted AS (
  INSERT INTO submission
    (tenant_id, id, intake_key_id, encapsulation, signer_id, signature)
  SELECT $1, $20, $21, $22, $23, $24 FROM whole WHERE $20::uuid IS NOT NULL
), forgotten AS ( -- what is written to a former holder's addresses is not the new holder's
  DELETE FROM former_alias USING changed, whole
  WHERE former_alias.tenant_id = $1 AND former_alias.registration_id = changed.id
    AND changed.has_another_holder
), superseded AS (
  UPDATE sealed_record older SET superseded_at = $2
  FROM changed, whole
  WHERE older.tenant_id = $1 AND older.registration_id = changed.id
    AND older.version < changed.record_version AND older.superseded_at IS NULL
), sealed AS (
  INSERT INTO sealed_record
    (tenant_id, registration_id, class, version, submission_id, record, wrapped_dek)
  SELECT $1, row.id, row.class, row.version, $20, row.record, row.wrapped
  FROM whole, unnest($25::uuid[], $26::text[], $27::int[], $28::bytea[], $29::bytea[])
    AS row (id, class, version, record, wrapped)
), removed AS (
  UPDATE published SET value = NULL, pos = NULL
  FROM whole
  WHERE published.registration_id = ANY ($33::uuid[]) AND published.tenant_id = $1
    AND published.value IS NOT NULL AND published.domain <> ALL ($30::text[])
), shown AS (
  INSERT INTO published (domain, tenant_id, registration_id, value)
  SELECT row.domain, $1, row.id, row.value
  FROM whole, unnest($30::text[], $31::uuid[], $32::bytea[]) AS row (domain, id, value)
  ON CONFLICT (domain) DO UPDATE SET
    tenant_id = excluded.tenant_id, registration_id = excluded.registration_id,
    value = excluded.value, pos = NULL
  WHERE (published.registration_id, published.value)
        IS DISTINCT FROM (excluded.registration_id, excluded.value)
), noted AS (
  INSERT INTO ledger_entry (id, tenant_id, subject, kind, facts, at)
  SELECT row.id, $1, row.subject, row.kind, row.facts::jsonb, $2
  FROM whole, unnest($34::uuid[], $35::text[], $36::text[], $37::text[])
    AS row (id, subject, kind, facts)
), remembered AS (
  INSERT INTO idempotency
    (tenant_id, route, key_sha256, body_mac, status, headers, response, created_at)
  SELECT $1, row.route, row.key, row.mac, row.status, row.headers::jsonb, row.response, $2
  FROM whole, unnest($38::text[], $39::bytea[], $40::bytea[], $41::int[], $42::text[], $43::bytea[])
    AS row (route, key, mac, status, headers, response)
)
SELECT rows FROM counted;

-- end --
-- Ends a registration, or begins its ending; answers one row when it was as expected.
-- roles: api
-- $1 tenant_id, $2 now, $3 registration_id, $4 revision now, $5 new state, $6 reason,
-- ledger: $7 id, $8 facts
-- idempotency: $9 route or NULL, $10 key hash, $11 body mac, $12 status, $13 headers, $14 response
WITH ended AS (
  UPDATE registration SET state = $5, end_reason = $6, revision = revision + 1, changed_at = $2,
         ended_at = CASE WHEN $5 = 'ended' THEN $2::timestamptz END, lapses_at = NULL
  WHERE tenant_id = $1 AND id = $3 AND revision = $4 AND ended_at IS NULL
  RETURNING id, domain
), removed AS (
  UPDATE published SET value = NULL, pos = NULL
  FROM ended
  WHERE published.domain = ended.domain COLLATE "C" AND published.registration_id = ended.id
    AND published.value IS NOT NULL AND $5 = 'ended'
), noted AS (
  INSERT INTO ledger_entry (id, tenant_id, subject, kind, facts, at)
  SELECT $7, $1, ended.id::text, 'registration_ended', $8::jsonb, $2 FROM ended
), remembered AS (
  INSERT INTO idempotency
    (tenant_id, route, key_sha256, body_mac, status, headers, response, created_at)
  SELECT $1, $9, $10, $11, $12, $13::jsonb, $14, $2 FROM ended WHERE $9::text IS NOT NULL
)
SELECT id FROM ended;
