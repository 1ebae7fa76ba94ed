-- Bringing a registrar's names back from a recovery deposit, by the owner's login alone.

-- add_tenant --
-- The registrar of a deposit.
-- roles: operator owner
-- $1 id, $2 name, $3 created_at
INSERT INTO tenant (id, name, created_at) VALUES ($1, $2, $3);

-- add_accreditations --
-- Its accreditations.
-- roles: operator owner
-- $1 tenant_id, $2 ids, $3 registrar names, $4 IANA ids
INSERT INTO accreditation (tenant_id, id, registrar_name, iana_id)
SELECT $1, n.id, n.registrar_name, n.iana_id
FROM unnest($2::text[], $3::text[], $4::integer[]) AS n (id, registrar_name, iana_id);

-- add_profiles --
-- Its profiles; edges copy them once the journal has stamped them.
-- roles: operator owner
-- $1 tenant_id, $2 ids, $3 revisions, $4 published bodies
WITH kept AS (
  INSERT INTO profile (tenant_id, id, revision, body)
  SELECT $1, n.id, n.revision, n.body::jsonb
  FROM unnest($2::text[], $3::integer[], $4::text[]) AS n (id, revision, body)
)
INSERT INTO published_profile (tenant_id, id, revision, body)
SELECT $1, n.id, n.revision, n.body::jsonb
FROM unnest($2::text[], $3::integer[], $4::text[]) AS n (id, revision, body);

-- add_key --
-- One of its API keys; the hash alone is known.
-- roles: operator owner
-- $1 id, $2 tenant_id, $3 secret hash, $4 scopes, $5 reseller or NULL, $6 created_at
INSERT INTO api_key (id, tenant_id, secret_sha256, scopes, reseller, created_at)
VALUES ($1, $2, $3, $4, $5, $6);

-- unknown --
-- Those of the given registrations that are not there.
-- roles: api escrow operator owner vault web worker
-- $1 tenant_id, $2 ids
SELECT n.id FROM unnest($2::uuid[]) AS n (id)
WHERE NOT EXISTS (SELECT FROM registration kept WHERE kept.tenant_id = $1 AND kept.id = n.id)
ORDER BY n.id LIMIT 10000;

-- write --
-- Registrations with sealed records, former aliases and what is published of them.
-- A name may stand in `published` as the tombstone of another registrar's: it is taken over.
-- roles: api owner
-- $1 tenant_id
-- registrations: $2 ids, $3 domains, $4 states, $5 revisions, $6 declared, $7 references,
--   $8 aliases, $9 record versions, $10 macs, $11 holds, $12 enrolled_at, $13 changed_at,
--   $14 lapses_at, $15 ended_at, $16 end reasons
-- former aliases: $17 aliases, $18 registration_ids, $19 accepted_until
-- sealed: $20 submission_id, $21 intake_key_id, $22 encapsulation, $23 signer_id, $24 signature,
--   $25 registration_ids, $26 classes, $27 versions, $28 records, $29 wrapped keys
-- published: $30 domains, $31 registration_ids, $32 values
WITH enrolled AS (
  INSERT INTO registration
    (tenant_id, id, domain, state, revision, declared, reference, alias, record_version,
     contacts_mac, hold, enrolled_at, changed_at, lapses_at, ended_at, end_reason)
  SELECT $1, n.id, n.domain, n.state, n.revision, n.declared::jsonb, n.reference, n.alias,
         n.record_version, n.mac, n.hold, n.enrolled_at, n.changed_at, n.lapses_at, n.ended_at,
         n.end_reason
  FROM unnest($2::uuid[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::text[],
              $8::text[], $9::integer[], $10::bytea[], $11::boolean[], $12::timestamptz[],
              $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::text[])
    AS n (id, domain, state, revision, declared, reference, alias, record_version, mac, hold,
          enrolled_at, changed_at, lapses_at, ended_at, end_reason)
), former AS (
  INSERT INTO former_alias (alias, tenant_id, registration_id, accepted_until)
  SELECT n.alias, $1, n.id, n.accepted_until
  FROM unnest($17::text[], $18::uuid[], $19::timestamptz[]) AS n (alias, id, accepted_until)
), submitted AS (
  INSERT INTO submission
    (tenant_id, id, intake_key_id, encapsulation, signer_id, signature)
  VALUES ($1, $20, $21, $22, $23, $24)
), sealed AS (
  INSERT INTO sealed_record
    (tenant_id, registration_id, class, version, submission_id, record, wrapped_dek)
  SELECT $1, n.id, n.class, n.version, $20, n.record, n.wrapped
  FROM unnest($25::uuid[], $26::text[], $27::integer[], $28::bytea[], $29::bytea[])
    AS n (id, class, version, record, wrapped)
)
INSERT INTO published (domain, tenant_id, registration_id, value)
SELECT n.domain, $1, n.id, n.value
FROM unnest($30::text[], $31::uuid[], $32::bytea[]) AS n (domain, id, value)
ON CONFLICT (domain) DO UPDATE SET
  tenant_id = excluded.tenant_id, registration_id = excluded.registration_id,
  value = excluded.value, pos = NULL;

-- taken --
-- Which of the given registrations can not be written because a name or an alias is taken.
-- roles: api escrow owner vault
-- $1 ids, $2 domains, $3 states, $4 aliases, $5 registration_ids of former aliases, $6 those aliases
SELECT n.id, 'restore_name_taken' AS code
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS n (id, domain, state)
JOIN registration other
  ON other.domain = n.domain AND other.state IN ('active', 'ending') AND n.state IN ('active', 'ending')
UNION
SELECT n.id, 'restore_alias_taken'
FROM unnest($1::uuid[], $4::text[]) AS n (id, alias)
JOIN registration other ON other.alias = n.alias
UNION
SELECT n.id, 'restore_alias_taken'
FROM unnest($5::uuid[], $6::text[]) AS n (id, alias)
JOIN former_alias other ON other.alias = n.alias
ORDER BY 1, 2 LIMIT 20;

-- finish --
-- Tells the ledger that a registrar was restored.
-- roles: api escrow operator owner vault web worker
-- $1 id, $2 tenant_id, $3 subject, $4 kind, $5 facts, $6 at
INSERT INTO ledger_entry (id, tenant_id, subject, kind, facts, at)
VALUES ($1, $2, $3, $4, $5::jsonb, $6);

-- identities --
-- Identity records that wait for adoption, each with its submission, by registration.
-- roles: owner vault
-- $1 tenant_id, $2 after, $3 limit
SELECT r.registration_id, r.version, r.record, r.wrapped_dek,
  s.id, s.intake_key_id, s.encapsulation, s.signer_id, s.signature
FROM sealed_record r
JOIN submission s ON s.tenant_id = r.tenant_id AND s.id = r.submission_id
WHERE r.tenant_id = $1 AND r.class = 'identity' AND r.registration_id > $2
ORDER BY r.registration_id LIMIT $3;
