-- key --
-- An API key that was not revoked yet, and the profile of its reseller.
-- roles: api escrow operator
-- $1 key id, $2 now
SELECT api_key.tenant_id, api_key.secret_sha256, api_key.scopes, api_key.reseller,
       api_key.revoked_at, reseller.profile
FROM api_key
LEFT JOIN reseller ON reseller.tenant_id = api_key.tenant_id AND reseller.name = api_key.reseller
WHERE api_key.id = $1 AND (api_key.revoked_at IS NULL OR api_key.revoked_at > $2);

-- profiles --
-- The profiles of a tenant as edges have them, accreditations inside.
-- roles: api edge escrow operator worker
-- $1 tenant_id
SELECT id, body FROM published_profile WHERE tenant_id = $1 ORDER BY id LIMIT 1000;

-- accreditations --
-- The ids of a tenant's accreditations.
-- roles: api escrow operator worker
-- $1 tenant_id
SELECT id FROM accreditation WHERE tenant_id = $1 ORDER BY id LIMIT 1000;

-- newest_intake_key --
-- The intake key to seal with now.
-- roles: api operator vault web
-- $1 now
SELECT id, public_key, not_before, not_after, signature
FROM intake_key WHERE not_before <= $1 AND not_after > $1
ORDER BY id DESC LIMIT 1;

-- is_known --
-- Whether there is a tenant by this id.
-- roles: api escrow operator
-- $1 tenant_id
SELECT count(*) AS found FROM tenant WHERE id = $1;

-- count --
-- How many tenants there are: a data directory without any is empty.
-- roles: api escrow operator
-- no arguments
SELECT count(*) AS found FROM tenant;

-- add_tenant --
-- A new registrar.
-- roles: operator
-- $1 id, $2 name, $3 now
INSERT INTO tenant (id, name, created_at) VALUES ($1, $2, $3);

-- add_accreditation --
-- An accreditation of a registrar.
-- roles: operator
-- $1 tenant_id, $2 id, $3 registrar name, $4 IANA id
INSERT INTO accreditation (tenant_id, id, registrar_name, iana_id) VALUES ($1, $2, $3, $4);

-- add_profile --
-- A profile as validated, and as edges need it.
-- roles: operator
-- $1 tenant_id, $2 id, $3 body, $4 published body
WITH kept AS (
  INSERT INTO profile (tenant_id, id, revision, body) VALUES ($1, $2, 1, $3::jsonb)
)
INSERT INTO published_profile (tenant_id, id, revision, body) VALUES ($1, $2, 1, $4::jsonb);

-- add_key --
-- An API key; only the hash of its secret is kept.
-- roles: operator
-- $1 id, $2 tenant_id, $3 secret hash, $4 scopes, $5 reseller or NULL, $6 now
INSERT INTO api_key (id, tenant_id, secret_sha256, scopes, reseller, created_at)
VALUES ($1, $2, $3, $4, $5, $6);

-- revoke_key --
-- Ends an API key, also one that goes on for a while after its rotation.
-- roles: operator
-- $1 id, $2 now
UPDATE api_key SET revoked_at = $2
WHERE id = $1 AND (revoked_at IS NULL OR revoked_at > $2)
RETURNING tenant_id;
