-- What the vault looks up for an opening: ids alone.

-- find_by_alias --
-- Whose mail comes in under an alias, or still does under a former one: registrations that we stand
-- before the world for.
-- roles: api escrow vault
-- $1 alias, $2 now
SELECT tenant_id, id FROM (
  SELECT tenant_id, id FROM registration WHERE alias = $1 AND state IN ('active', 'ending')
  UNION ALL
  SELECT kept.tenant_id, kept.id FROM former_alias former
  JOIN registration kept ON kept.tenant_id = former.tenant_id AND kept.id = former.registration_id
  WHERE former.alias = $1 AND former.accepted_until > $2 AND kept.state IN ('active', 'ending')
) AS found
ORDER BY tenant_id, id LIMIT 1;

-- plan_sharing --
-- For the length of a transaction: a plan made for the very token, since one that a thousand names
-- share is found by another index than a rare one (0.1 ms and not 160 ms of a million names); and an
-- end, since other work of the vault waits.
-- roles: vault
-- $1 milliseconds
SELECT set_config('plan_cache_mode', 'force_custom_plan', true),
       set_config('statement_timeout', $1::int::text, true);

-- find_sharing --
-- Registrations of one tenant whose newest adopted contacts hold a token, after a given id. The
-- reseller is looked at hit by hit: as a set, all of the tenant's registrations would be read first.
-- roles: vault
-- $1 tenant_id, $2 token, $3 after id, $4 reseller or NULL, $5 limit
SELECT hit.registration_id, hit.version FROM blind_index hit
WHERE hit.tenant_id = $1 AND hit.tokens @> ARRAY[$2::bytea] AND hit.registration_id > $3
  AND ($4::text IS NULL OR $4 = (
    SELECT kept.declared ->> 'reseller' FROM registration kept
    WHERE kept.tenant_id = $1 AND kept.id = hit.registration_id))
ORDER BY hit.registration_id LIMIT $5;

-- find_declared --
-- A registration as its registrar sees it, and the version of its contacts.
-- roles: api escrow operator vault worker
-- $1 tenant_id, $2 id
SELECT domain, state, revision, record_version FROM registration WHERE tenant_id = $1 AND id = $2;

-- find_letter --
-- What a letter is about, and its subject.
-- roles: operator relay vault web worker
-- $1 notice_id
SELECT tenant_id, registration_id, kind, subject FROM notice WHERE id = $1 AND case_id IS NULL;

-- find_notice --
-- To whom a notice of a case goes, and what its link is for.
-- roles: operator relay vault web worker
-- $1 case_id, $2 notice_id
SELECT to_party, purpose, subject FROM notice WHERE case_id = $1 AND id = $2;
