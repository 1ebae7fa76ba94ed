-- find --
-- What was answered to a request with this key.
-- roles: api worker
-- $1 tenant_id, $2 route, $3 key hash
SELECT body_mac, status, headers, response, created_at
FROM idempotency
WHERE tenant_id = $1 AND route = $2 AND key_sha256 = $3;

-- keep --
-- Keeps an answer that was given outside the write of a registration.
-- roles: api
-- $1 tenant_id, $2 route, $3 key hash, $4 body mac, $5 status, $6 headers, $7 response, $8 now
INSERT INTO idempotency
  (tenant_id, route, key_sha256, body_mac, status, headers, response, created_at)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8)
ON CONFLICT DO NOTHING;

-- forget --
-- Removes a key whose time is over, so that it can be used anew.
-- roles: api worker
-- $1 tenant_id, $2 route, $3 key hash, $4 kept since
DELETE FROM idempotency
WHERE tenant_id = $1 AND route = $2 AND key_sha256 = $3 AND created_at <= $4;
