-- What goes into a deposit, read at one snapshot. Every query of a scope takes it the same way:
-- $1 tenant_id, $2 accreditation or NULL for all, $3 states, $4 whether names under two-letter TLDs
-- belong, $5 changed after that moment or NULL for all. What was shredded belongs nowhere. Pages say
-- of both tables where they begin: whichever is read first, it is not read from its start again.

-- plan_by_index --
-- For this transaction rows are reached in the order of their keys: tables grow from nothing to millions between two analyses, and a plan made for the first is ruinous for the second.
-- roles: api edge escrow operator vault web worker
-- no arguments
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
       set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
       set_config('enable_material', 'off', true), set_config('enable_sort', 'off', true),
       set_config('enable_memoize', 'off', true), set_config('jit', 'off', true),
       set_config('plan_cache_mode', 'force_generic_plan', true);

-- set_timeouts --
-- For this transaction the limits are ours, whatever the server's are; the last one is of PostgreSQL 17.
-- roles: api edge escrow operator relay vault web worker
-- $1 of a statement, $2 between two, $3 of the transaction, in milliseconds
SELECT name, set_config(name, CASE name WHEN 'statement_timeout' THEN $1::text
                              WHEN 'idle_in_transaction_session_timeout' THEN $2::text
                              ELSE $3::text END, true) AS set
FROM pg_catalog.pg_settings
WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')
ORDER BY name LIMIT 3;

-- count --
-- How many registrations are in a scope, with or without a record.
-- roles: api escrow operator worker
-- $1 to $5 the scope
SELECT count(*) AS registrations
FROM registration kept
WHERE kept.tenant_id = $1 AND ($2::text IS NULL OR kept.declared ->> 'accreditation' = $2)
  AND kept.state = ANY ($3::text[]) AND ($4::boolean OR left(right(kept.domain, 3), 1) <> '.')
  AND ($5::timestamptz IS NULL OR kept.changed_at > $5) AND kept.shredded_at IS NULL;

-- hashes --
-- The hashes of a scope's newest identity records, in order of registration id.
-- roles: escrow
-- $1 to $5 the scope, $6 after this id, $7 limit
SELECT kept.id, kept.record_version, sha256(sealed.record) AS sha256
FROM registration kept
JOIN sealed_record sealed ON sealed.tenant_id = kept.tenant_id AND sealed.registration_id = kept.id
 AND sealed.class = 'identity' AND sealed.version = kept.record_version
WHERE kept.tenant_id = $1 AND ($2::text IS NULL OR kept.declared ->> 'accreditation' = $2)
  AND kept.state = ANY ($3::text[]) AND ($4::boolean OR left(right(kept.domain, 3), 1) <> '.')
  AND ($5::timestamptz IS NULL OR kept.changed_at > $5) AND kept.shredded_at IS NULL
  AND sealed.record IS NOT NULL AND kept.id > $6 AND sealed.registration_id > $6
ORDER BY kept.id LIMIT $7;

-- rows --
-- A scope's registrations with their newest identity record, in order of registration id.
-- roles: escrow
-- $1 to $5 the scope, $6 after this id, $7 limit
SELECT kept.id, kept.state, kept.revision, kept.declared, kept.reference, kept.alias,
       kept.record_version, kept.enrolled_at, kept.changed_at, kept.lapses_at, kept.ended_at,
       kept.end_reason, kept.hold, sealed.record
FROM registration kept
JOIN sealed_record sealed ON sealed.tenant_id = kept.tenant_id AND sealed.registration_id = kept.id
 AND sealed.class = 'identity' AND sealed.version = kept.record_version
WHERE kept.tenant_id = $1 AND ($2::text IS NULL OR kept.declared ->> 'accreditation' = $2)
  AND kept.state = ANY ($3::text[]) AND ($4::boolean OR left(right(kept.domain, 3), 1) <> '.')
  AND ($5::timestamptz IS NULL OR kept.changed_at > $5) AND kept.shredded_at IS NULL
  AND sealed.record IS NOT NULL AND kept.id > $6 AND sealed.registration_id > $6
ORDER BY kept.id LIMIT $7;

-- former_aliases --
-- Former aliases of registrations that mail may still come in under.
-- roles: api escrow vault
-- $1 tenant_id, $2 registration ids, $3 limit
SELECT registration_id, alias, accepted_until
FROM former_alias WHERE tenant_id = $1 AND registration_id = ANY ($2::uuid[])
ORDER BY registration_id, alias LIMIT $3;

-- without_record --
-- Registrations of a scope that have no identity record, or one that was destroyed.
-- roles: escrow
-- $1 to $5 the scope, $6 limit
SELECT kept.id
FROM registration kept
WHERE kept.tenant_id = $1 AND ($2::text IS NULL OR kept.declared ->> 'accreditation' = $2)
  AND kept.state = ANY ($3::text[]) AND ($4::boolean OR left(right(kept.domain, 3), 1) <> '.')
  AND ($5::timestamptz IS NULL OR kept.changed_at > $5) AND kept.shredded_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM sealed_record sealed
                  WHERE sealed.tenant_id = kept.tenant_id AND sealed.registration_id = kept.id
                    AND sealed.class = 'identity' AND sealed.version = kept.record_version
                    AND sealed.record IS NOT NULL)
ORDER BY kept.id LIMIT $6;

-- unadopted --
-- Registrations of a scope whose newest identity record is not the vault's yet, newest first.
-- roles: escrow
-- $1 to $5 the scope, $6 limit
SELECT kept.id
FROM registration kept
WHERE kept.tenant_id = $1 AND ($2::text IS NULL OR kept.declared ->> 'accreditation' = $2)
  AND kept.state = ANY ($3::text[]) AND ($4::boolean OR left(right(kept.domain, 3), 1) <> '.')
  AND ($5::timestamptz IS NULL OR kept.changed_at > $5) AND kept.shredded_at IS NULL
  AND EXISTS (SELECT 1 FROM sealed_record sealed
              WHERE sealed.tenant_id = kept.tenant_id AND sealed.registration_id = kept.id
                AND sealed.class = 'identity' AND sealed.version = kept.record_version
                AND sealed.record IS NOT NULL AND sealed.kek_epoch IS NULL)
ORDER BY kept.id DESC LIMIT $6;

-- still_unadopted --
-- Those of the given registrations of which an identity record still waits for the vault.
-- roles: escrow vault
-- $1 tenant_id, $2 registration ids
SELECT asked.id FROM unnest($2::uuid[]) AS asked (id)
WHERE EXISTS (SELECT 1 FROM sealed_record sealed
              WHERE sealed.tenant_id = $1 AND sealed.registration_id = asked.id
                AND sealed.class = 'identity' AND sealed.record IS NOT NULL
                AND sealed.kek_epoch IS NULL)
ORDER BY asked.id DESC LIMIT 100000;

-- gone --
-- What may have left a scope since, in order of registration id. A stream that holds ended
-- registrations tells them apart by id, and loses what was shredded. The others know names alone:
-- a name that a later registration holds has not left them.
-- roles: api escrow operator worker
-- $1 to $5 the scope, $6 enrolled by then, $7 after this id, $8 limit
SELECT kept.id, kept.domain, kept.reference
FROM registration kept
WHERE kept.tenant_id = $1 AND ($4::boolean OR left(right(kept.domain, 3), 1) <> '.')
  AND (kept.changed_at > $5 OR ('ended' = ANY ($3::text[]) AND kept.shredded_at > $5))
  AND kept.enrolled_at <= $6
  AND (kept.shredded_at IS NOT NULL OR kept.state <> ALL ($3::text[])
       OR ($2::text IS NOT NULL AND kept.declared ->> 'accreditation' <> $2))
  AND ('ended' = ANY ($3::text[])
       OR NOT EXISTS (SELECT 1 FROM registration later
                      WHERE later.tenant_id = $1 AND later.domain = kept.domain
                        AND later.state <> 'ended' AND later.state = ANY ($3::text[])
                        AND ($2::text IS NULL OR later.declared ->> 'accreditation' = $2)))
  AND kept.id > $7
ORDER BY kept.id LIMIT $8;

-- declared --
-- When a registrar last declared the names of an accreditation, and how many.
-- roles: escrow operator
-- $1 tenant_id, $2 accreditation
SELECT domains, declared_at FROM portfolio_declared WHERE tenant_id = $1 AND accreditation = $2;

-- missing --
-- Declared names that are not in a scope: how many, and the first of them.
-- roles: escrow operator
-- $1 tenant_id, $2 accreditation, $3 states, $4 whether country codes belong, $5 how many to name
WITH absent AS MATERIALIZED (
  SELECT named.domain FROM portfolio named
  WHERE named.tenant_id = $1 AND named.accreditation = $2
    AND ($4::boolean OR left(right(named.domain, 3), 1) <> '.')
    AND NOT EXISTS (SELECT 1 FROM registration kept
                    WHERE kept.tenant_id = $1 AND kept.domain = named.domain
                      AND kept.state <> 'ended' AND kept.state = ANY ($3::text[])
                      AND kept.declared ->> 'accreditation' = $2)
)
SELECT (SELECT count(*) FROM absent) AS names,
       ARRAY(SELECT domain FROM absent ORDER BY domain LIMIT $5) AS first;

-- undeclared --
-- Names in a scope that were not declared: how many, and the first of them.
-- roles: escrow operator
-- $1 tenant_id, $2 accreditation, $3 states, $4 whether country codes belong, $5 how many to name
WITH unnamed AS MATERIALIZED (
  SELECT kept.domain FROM registration kept
  WHERE kept.tenant_id = $1 AND kept.declared ->> 'accreditation' = $2
    AND kept.state <> 'ended' AND kept.state = ANY ($3::text[])
    AND ($4::boolean OR left(right(kept.domain, 3), 1) <> '.')
    AND NOT EXISTS (SELECT 1 FROM portfolio named
                    WHERE named.tenant_id = $1 AND named.accreditation = $2
                      AND named.domain = kept.domain)
)
SELECT (SELECT count(*) FROM unnamed) AS names,
       ARRAY(SELECT domain FROM unnamed ORDER BY domain LIMIT $5) AS first;

-- tenant --
-- A registrar's account.
-- roles: api escrow operator
-- $1 tenant_id
SELECT name, created_at FROM tenant WHERE id = $1;

-- profiles --
-- A registrar's profiles as edges have them.
-- roles: api edge escrow operator worker
-- $1 tenant_id
SELECT id, body FROM published_profile WHERE tenant_id = $1 ORDER BY id LIMIT 1000;

-- accreditations --
-- A registrar's accreditations.
-- roles: api escrow operator
-- $1 tenant_id
SELECT id, registrar_name, iana_id FROM accreditation WHERE tenant_id = $1 ORDER BY id LIMIT 1000;

-- keys --
-- A registrar's API keys that were not revoked, by their secrets' hashes.
-- roles: api escrow operator
-- $1 tenant_id
SELECT id, secret_sha256, scopes, reseller, created_at
FROM api_key WHERE tenant_id = $1 AND revoked_at IS NULL ORDER BY id LIMIT 10000;

-- is_current --
-- For each registration in turn, whether its newest contacts are those of the given version.
-- roles: api escrow operator vault worker
-- $1 tenant_id, $2 registration ids, $3 record versions
SELECT asked.place, EXISTS (SELECT 1 FROM registration kept
                            WHERE kept.tenant_id = $1 AND kept.id = asked.id
                              AND kept.record_version = asked.version
                              AND kept.shredded_at IS NULL) AS current
FROM unnest($2::uuid[], $3::integer[]) WITH ORDINALITY AS asked (id, version, place)
ORDER BY asked.place LIMIT 100000;

-- other_contacts --
-- The contacts of those who did not change since: how many, and of how many registrations none knows.
-- roles: escrow
-- $1 to $5 the scope
SELECT coalesce(sum(indexed.contacts), 0) AS contacts,
       count(*) FILTER (WHERE indexed.contacts IS NULL) AS unknown
FROM registration kept
LEFT JOIN blind_index indexed
  ON indexed.tenant_id = kept.tenant_id AND indexed.registration_id = kept.id
 AND indexed.version = kept.record_version
WHERE kept.tenant_id = $1 AND ($2::text IS NULL OR kept.declared ->> 'accreditation' = $2)
  AND kept.state = ANY ($3::text[]) AND ($4::boolean OR left(right(kept.domain, 3), 1) <> '.')
  AND kept.changed_at <= $5 AND kept.shredded_at IS NULL;

-- coverage_of_all --
-- How many people stand behind a mask with any registrar, and how many of them some deposit has.
-- roles: api escrow operator
-- of each stream with a verified deposit: $1 tenant_ids, $2 accreditations or NULL, $3 whether
-- country codes belong, $4 watermarks, $5 whether only those count that did not change since
SELECT count(*) AS masked, count(*) FILTER (WHERE EXISTS (
         SELECT 1 FROM unnest($1::uuid[], $2::text[], $3::boolean[], $4::timestamptz[],
                              $5::boolean[])
           AS held (tenant_id, accreditation, with_country_codes, watermark, unchanged)
         WHERE held.tenant_id = kept.tenant_id
           AND (held.accreditation IS NULL
                OR kept.declared ->> 'accreditation' = held.accreditation)
           AND (held.with_country_codes OR left(right(kept.domain, 3), 1) <> '.')
           AND kept.enrolled_at <= held.watermark
           AND (kept.changed_at <= held.watermark OR NOT held.unchanged)
           AND NOT EXISTS (
             SELECT 1 FROM sealed_record older
             WHERE older.tenant_id = kept.tenant_id AND older.registration_id = kept.id
               AND older.class = 'identity' AND older.superseded_at > held.watermark))) AS covered
FROM registration kept
WHERE kept.state IN ('active', 'ending') AND kept.declared ->> 'mode' IN ('proxy', 'privacy');

-- coverage --
-- How many people stand behind a mask, and how many of them a deposit of that watermark has as they are.
-- roles: api escrow operator
-- $1 tenant_id, $2 accreditation or NULL, $3 whether country codes belong, $4 watermark
-- $5 whether only those count that did not change at all since
SELECT count(*) AS masked,
       count(*) FILTER (
         WHERE kept.enrolled_at <= $4 AND (kept.changed_at <= $4 OR NOT $5::boolean)
           AND NOT EXISTS (
           SELECT 1 FROM sealed_record older
           WHERE older.tenant_id = kept.tenant_id AND older.registration_id = kept.id
             AND older.class = 'identity' AND older.superseded_at > $4)) AS covered
FROM registration kept
WHERE kept.tenant_id = $1 AND ($2::text IS NULL OR kept.declared ->> 'accreditation' = $2)
  AND kept.state IN ('active', 'ending') AND kept.declared ->> 'mode' IN ('proxy', 'privacy')
  AND ($3::boolean OR left(right(kept.domain, 3), 1) <> '.');
