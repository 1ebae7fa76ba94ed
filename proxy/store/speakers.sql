-- Who speaks for a name: the holdings of all tenants, and the change from one speaker to another.
-- Whoever makes a claim, ends a speaker or moves the name takes the name's lock first.

-- lock --
-- Takes the locks of names until the transaction ends, in the order given.
-- roles: api worker
-- $1 space of the locks, $2 their numbers, ascending
SELECT pg_advisory_xact_lock($1::int, unnest($2::int[]));

-- holdings --
-- Every live holding of a name but reservations, with what is known of its tenant.
-- roles: api worker
-- $1 domain
SELECT kept.tenant_id, kept.id, kept.state, kept.revision, kept.declared, kept.reference,
       kept.alias, kept.enrolled_at, kept.ended_at, kept.end_reason, kept.is_declared,
       kept.iana_id, kept.iana_ids, kept.shown_at
FROM (
  (SELECT tenant_id, id FROM registration
   WHERE domain = $1 AND state IN ('active', 'ending') LIMIT 1)
  UNION ALL
  (SELECT tenant_id, id FROM registration
   WHERE domain = $1 AND state = 'claimed' ORDER BY enrolled_at, id LIMIT 500)
) place
JOIN holding kept ON kept.tenant_id = place.tenant_id AND kept.id = place.id
ORDER BY kept.enrolled_at, kept.id LIMIT 501;

-- sighting --
-- What was last seen of a name's sponsor.
-- roles: api worker
-- $1 domain
SELECT iana_id, way, seen_at, since, registry_domain_id, created_at, mask_of, mask_gone_since
FROM sponsor_look WHERE domain = $1 AND seen_at IS NOT NULL;

-- leave --
-- Ends a speaker whose name was transferred, with its publication; one row when it was as read.
-- roles: worker api
-- $1 tenant_id, $2 registration_id, $3 revision now, $4 now, $5 ledger id, $6 facts
WITH ended AS (
  UPDATE registration SET state = 'ended', ended_at = $4, revision = revision + 1,
         end_reason = coalesce(end_reason, 'transferred_out'), changed_at = $4, lapses_at = NULL
  WHERE tenant_id = $1 AND id = $2 AND revision = $3 AND state IN ('active', 'ending')
  RETURNING tenant_id, id, domain
), removed AS (
  UPDATE published SET value = NULL, pos = NULL
  FROM ended
  WHERE published.domain = ended.domain COLLATE "C" AND published.registration_id = ended.id
    AND published.value IS NOT NULL
), noted AS (
  INSERT INTO ledger_entry (id, tenant_id, subject, kind, facts, at)
  SELECT $5, ended.tenant_id, ended.id::text, 'registration_ended', $6::jsonb, $4 FROM ended
)
SELECT id FROM ended;

-- speak --
-- Makes a claim the speaker and publishes it; one row when it was as read. After an end, in the same transaction.
-- roles: worker api
-- $1 tenant_id, $2 registration_id, $3 revision now, $4 now, $5 value, $6 ledger id, $7 facts
WITH speaking AS (
  UPDATE registration SET state = 'active', revision = revision + 1, changed_at = $4
  WHERE tenant_id = $1 AND id = $2 AND revision = $3 AND state = 'claimed'
  RETURNING tenant_id, id, domain
), shown AS (
  INSERT INTO published (domain, tenant_id, registration_id, value)
  SELECT speaking.domain, speaking.tenant_id, speaking.id, $5 FROM speaking
  ON CONFLICT (domain) DO UPDATE SET
    tenant_id = excluded.tenant_id, registration_id = excluded.registration_id,
    value = excluded.value, pos = NULL
), noted AS (
  INSERT INTO ledger_entry (id, tenant_id, subject, kind, facts, at)
  SELECT $6, speaking.tenant_id, speaking.id::text, 'registration_replaced', $7::jsonb, $4
  FROM speaking
)
SELECT id FROM speaking;

-- look_soon --
-- Has the sponsors of names looked for at the next round, before all others.
-- roles: api worker
-- $1 domains, $2 their registries, $3 now
INSERT INTO sponsor_look (domain, registry, due_at, urgent)
SELECT row.domain, row.registry, $3, true FROM unnest($1::text[], $2::text[]) AS row (domain, registry)
ON CONFLICT (domain) DO UPDATE SET
  due_at = least(sponsor_look.due_at, excluded.due_at), urgent = true;

-- own --
-- What a tenant may know of its own right to speak, and what its DNS tokens are made of.
-- roles: api worker
-- $1 tenant_id, $2 registration_id
SELECT kept.tenant_id, kept.id, kept.state, kept.revision, kept.declared, kept.reference,
       kept.alias, kept.enrolled_at, kept.ended_at, kept.end_reason, kept.is_declared,
       kept.iana_id, kept.iana_ids, kept.shown_at,
       (SELECT secret.secret FROM sponsor_secret secret WHERE secret.tenant_id = kept.tenant_id
       ) AS secret
FROM holding kept WHERE kept.tenant_id = $1 AND kept.id = $2;

-- keep_secret --
-- What a tenant's DNS tokens are made of, once for all.
-- roles: api
-- $1 tenant_id, $2 secret
INSERT INTO sponsor_secret (tenant_id, secret) VALUES ($1, $2) ON CONFLICT DO NOTHING;
