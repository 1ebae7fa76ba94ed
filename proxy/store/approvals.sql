-- Papers behind decisions: rosters, orders, votes. Copies for reading; the vault's state decides.

-- add_roster --
-- A roster's document and what entitles it; one that is there stays as it is.
-- roles: vault
-- $1 sha256, $2 version, $3 document, $4 evidence, $5 announced_at, $6 effective_at
INSERT INTO roster (sha256, version, document, evidence, announced_at, effective_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (sha256) DO NOTHING;

-- find_roster --
-- A roster's document.
-- roles: vault
-- $1 sha256
SELECT document FROM roster WHERE sha256 = $1;

-- rosters_after --
-- Of every version after one the roster announced last: what was announced before it was stopped.
-- roles: vault
-- $1 version, $2 limit, $3 stopped
SELECT DISTINCT ON (version) sha256, version, document, evidence, announced_at, effective_at
FROM roster WHERE version > $1 AND NOT sha256 = ANY ($3::bytea[])
ORDER BY version, announced_at DESC LIMIT $2;

-- rosters_behind --
-- Every roster of a later version, whether or not it ever was in force; the newest first.
-- roles: vault
-- $1 version, $2 limit
SELECT sha256, version FROM roster WHERE version > $1
ORDER BY version DESC, announced_at DESC LIMIT $2;

-- add_order --
-- An order as it was received; one that is there stays as it is.
-- roles: vault
-- $1 id, $2 kind, $3 sha256, $4 document, $5 nonce, $6 received_at, $7 expires_at
INSERT INTO approval_order (id, kind, sha256, document, nonce, received_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING;

-- find_order --
-- An order's document.
-- roles: vault
-- $1 id
SELECT document FROM approval_order WHERE id = $1;

-- newest_orders --
-- The newest orders' ids.
-- roles: vault
-- $1 limit
SELECT id FROM approval_order ORDER BY received_at DESC, id LIMIT $1;

-- orders_behind --
-- Orders behind an id, in order of ids.
-- roles: vault
-- $1 id, $2 limit
SELECT id, kind, sha256, nonce, received_at, expires_at FROM approval_order
WHERE id > $1 ORDER BY id LIMIT $2;

-- put_vote --
-- A vote; a later one of the same person takes its place.
-- roles: vault
-- $1 order_id, $2 person, $3 signature, $4 voted_at
INSERT INTO approval_vote (order_id, person, signature, voted_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (order_id, person) DO UPDATE SET signature = excluded.signature, voted_at = excluded.voted_at;

-- votes --
-- The votes of an order.
-- roles: vault
-- $1 order_id, $2 limit
SELECT person, signature, voted_at FROM approval_vote WHERE order_id = $1 ORDER BY person LIMIT $2;
