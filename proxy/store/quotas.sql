-- room --
-- How many more names an account ('') and its resellers may have; nothing where there is no limit.
-- roles: api operator
-- $1 tenant_id
SELECT reseller, names - used AS room FROM quota
WHERE tenant_id = $1 AND used IS NOT NULL ORDER BY reseller LIMIT 10000;

-- list --
-- The limits of an account and its resellers.
-- roles: api operator
-- $1 tenant_id
SELECT reseller, names, used FROM quota WHERE tenant_id = $1 ORDER BY reseller LIMIT 10000;

-- limit --
-- Sets a limit; a new one begins uncounted, and refuses nobody before `count`.
-- roles: operator
-- $1 tenant_id, $2 reseller or '', $3 names
INSERT INTO quota (tenant_id, reseller, names) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, reseller) DO UPDATE SET names = excluded.names;

-- newest_transaction --
-- The number that the next transaction gets.
-- roles: operator
-- no arguments
SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS number;

-- is_settled --
-- Whether every transaction before a number is over.
-- roles: operator
-- $1 number
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= $1 AS settled;

-- hold --
-- Keeps others from moving a count until this transaction ends.
-- roles: operator
-- $1 tenant_id, $2 reseller or ''
SELECT names FROM quota WHERE tenant_id = $1 AND reseller = $2 FOR UPDATE;

-- count --
-- Counts the live names; only after `hold`, in a statement of its own: its snapshot must be younger
-- than every count that was moved before.
-- roles: operator
-- $1 tenant_id, $2 reseller or ''
UPDATE quota SET used = (
  SELECT count(*) FROM registration kept
  WHERE kept.tenant_id = $1 AND kept.state <> 'ended'
    AND ($2 = '' OR kept.declared ->> 'reseller' = $2)
)
WHERE tenant_id = $1 AND reseller = $2
RETURNING used;

-- lift --
-- Ends a limit.
-- roles: operator
-- $1 tenant_id, $2 reseller or ''
DELETE FROM quota WHERE tenant_id = $1 AND reseller = $2;
