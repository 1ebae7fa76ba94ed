-- What a registrar is told of registrations that the vault found.

-- find --
-- Name and state of registrations whose persons are kept; of one reseller alone where it is named.
-- roles: api escrow operator vault worker
-- $1 tenant_id, $2 ids, $3 reseller or NULL
SELECT place.id, place.domain, place.state
FROM unnest($2::uuid[]) AS asked (id), LATERAL (
  SELECT kept.id, kept.domain, kept.state, kept.declared FROM registration kept
  WHERE kept.tenant_id = $1 AND kept.id = asked.id AND kept.shredded_at IS NULL
  LIMIT 1
) AS place
WHERE $3::text IS NULL OR place.declared ->> 'reseller' = $3;
