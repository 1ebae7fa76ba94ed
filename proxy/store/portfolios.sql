-- What a registrar declares as the names of an accreditation.

-- withdraw --
-- Forgets what was declared before.
-- roles: operator
-- $1 tenant_id, $2 accreditation
DELETE FROM portfolio_declared WHERE tenant_id = $1 AND accreditation = $2;

-- declare --
-- A declaration, its names to follow.
-- roles: operator
-- $1 tenant_id, $2 accreditation, $3 now
INSERT INTO portfolio_declared (tenant_id, accreditation, domains, declared_at)
VALUES ($1, $2, 0, $3);

-- add_names --
-- Names of a declaration; one that comes twice counts once.
-- roles: operator
-- $1 tenant_id, $2 accreditation, $3 names
WITH added AS (
  INSERT INTO portfolio (tenant_id, accreditation, domain)
  SELECT $1, $2, named.domain FROM unnest($3::text[]) AS named (domain)
  ON CONFLICT DO NOTHING
  RETURNING domain
)
UPDATE portfolio_declared SET domains = domains + (SELECT count(*) FROM added)
WHERE tenant_id = $1 AND accreditation = $2
RETURNING domains;
