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

-- find_sharing --
-- Registrations of one tenant whose newest adopted contacts hold a token.
-- roles: vault
-- $1 tenant_id, $2 token, $3 limit
SELECT registration_id, version FROM blind_index
WHERE tenant_id = $1 AND $2::bytea = ANY(tokens)
ORDER BY registration_id LIMIT $3;

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
