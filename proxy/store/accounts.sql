-- registrars --
-- Registrars in id order, with what hangs on each.
-- roles: api escrow operator
-- $1 after id, $2 limit
SELECT tenant.id, tenant.name, tenant.created_at
FROM tenant WHERE tenant.id > $1 ORDER BY tenant.id LIMIT $2;

-- registrar --
-- One registrar.
-- roles: api escrow operator
-- $1 tenant_id
SELECT id, name, created_at FROM tenant WHERE id = $1;

-- accreditations --
-- A registrar's accreditations.
-- roles: api escrow operator
-- $1 tenant_id
SELECT id, registrar_name, iana_id FROM accreditation WHERE tenant_id = $1 ORDER BY id LIMIT 1000;

-- add_accreditation --
-- Another accreditation; nothing where there is one by that id.
-- roles: operator
-- $1 tenant_id, $2 id, $3 registrar name, $4 IANA id or NULL
INSERT INTO accreditation (tenant_id, id, registrar_name, iana_id) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING id;

-- keys --
-- A registrar's API keys, ended ones too, without their secrets.
-- roles: api escrow operator
-- $1 tenant_id
SELECT id, scopes, reseller, created_at, revoked_at
FROM api_key WHERE tenant_id = $1 ORDER BY created_at, id LIMIT 10000;

-- add_key --
-- A key of a registrar, or of a reseller that it has; nothing where it has none.
-- roles: operator
-- $1 id, $2 tenant_id, $3 secret hash, $4 scopes, $5 reseller or NULL, $6 now
INSERT INTO api_key (id, tenant_id, secret_sha256, scopes, reseller, created_at)
SELECT $1, tenant.id, $3, $4, $5, $6 FROM tenant
WHERE tenant.id = $2 AND ($5::text IS NULL OR EXISTS (
  SELECT 1 FROM reseller WHERE reseller.tenant_id = tenant.id AND reseller.name = $5))
RETURNING id;

-- rotate_key --
-- A new key with the rights of an old one, which ends later; nothing where the old one ends already.
-- roles: operator
-- $1 old id, $2 new id, $3 new secret's hash, $4 now, $5 when the old one ends
WITH former AS (
  UPDATE api_key SET revoked_at = $5 WHERE id = $1 AND revoked_at IS NULL
  RETURNING tenant_id, scopes, reseller
)
INSERT INTO api_key (id, tenant_id, secret_sha256, scopes, reseller, created_at)
SELECT $2, former.tenant_id, $3, former.scopes, former.reseller, $4 FROM former
RETURNING tenant_id, scopes, reseller;

-- resellers --
-- A registrar's resellers.
-- roles: api operator
-- $1 tenant_id
SELECT name, profile, created_at FROM reseller WHERE tenant_id = $1 ORDER BY name LIMIT 10000;

-- add_reseller --
-- A reseller, or another profile for one that is there.
-- roles: operator
-- $1 tenant_id, $2 name, $3 profile or NULL, $4 now
INSERT INTO reseller (tenant_id, name, profile, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, name) DO UPDATE SET profile = excluded.profile;

-- remove_reseller --
-- Ends a reseller and, at once, its keys; its names stay the registrar's. Answers the keys ended.
-- roles: operator
-- $1 tenant_id, $2 name, $3 now
WITH gone AS (
  DELETE FROM reseller WHERE tenant_id = $1 AND name = $2 RETURNING name
), ended AS (
  UPDATE api_key SET revoked_at = $3 FROM gone
  WHERE api_key.tenant_id = $1 AND api_key.reseller = gone.name
    AND (api_key.revoked_at IS NULL OR api_key.revoked_at > $3)
  RETURNING api_key.id
)
SELECT (SELECT count(*) FROM gone) AS resellers, (SELECT count(*) FROM ended) AS keys;

-- profiles --
-- A registrar's profiles as given, defaults filled in, and as edges have them. Locked: who changes
-- one next to an accreditation must see the other's.
-- roles: operator
-- $1 tenant_id
SELECT shown.id, profile.revision, profile.body, shown.body AS published
FROM published_profile shown JOIN profile ON profile.tenant_id = shown.tenant_id AND profile.id = shown.id
WHERE shown.tenant_id = $1 ORDER BY shown.id LIMIT 1000
FOR UPDATE OF shown;

-- replace_profile --
-- A profile as validated, and as edges need it; an existing one gets the next revision.
-- roles: operator
-- $1 tenant_id, $2 id, $3 body, $4 published body, $5 revision
WITH kept AS (
  INSERT INTO profile (tenant_id, id, revision, body) VALUES ($1, $2, $5, $3::jsonb)
  ON CONFLICT (tenant_id, id) DO UPDATE SET revision = excluded.revision, body = excluded.body
)
INSERT INTO published_profile (tenant_id, id, revision, body) VALUES ($1, $2, $5, $4::jsonb)
ON CONFLICT (tenant_id, id) DO UPDATE SET revision = excluded.revision, body = excluded.body;

-- note --
-- Tells the ledger what was done to an account.
-- roles: api escrow operator owner vault web worker
-- $1 id, $2 tenant_id, $3 subject, $4 kind, $5 facts, $6 at
INSERT INTO ledger_entry (id, tenant_id, subject, kind, facts, at)
VALUES ($1, $2, $3, $4, $5::jsonb, $6);
